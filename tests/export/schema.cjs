// schema: in a JSON schema and a document, out exit code 0 when ajv finds that the document follows it. usage: schema.cjs NODE_MODULES SCHEMA DOCUMENT
const fs = require("node:fs");
const path = require("node:path");
const [modules, schemaPath, documentPath] = process.argv.slice(2);
const Ajv = require(path.resolve(modules, "ajv"));
const ajv = new Ajv.default({ strict: false, allErrors: true });
const read = (file) => JSON.parse(fs.readFileSync(file, "utf8"));
const validate = ajv.compile(read(schemaPath));
if (!validate(read(documentPath))) {
    console.error(JSON.stringify(validate.errors.slice(0, 5), null, 1));
    process.exit(1);
}
