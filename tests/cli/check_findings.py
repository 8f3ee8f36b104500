"""check_findings: in a SARIF log and a JUnit report of the same findings, out what does not fit: to the standards, or to one another.
Arguments: LOG REPORT, then RULE=COUNT for each rule that must have findings, not suppressed; all others must have none."""
import json
import sys

import junitparser

LEVELS = {"error", "warning", "note"}


def check_message(message):
    assert isinstance(message["text"], str) and message["text"], message


def check_location(location, needs_place):
    place = location.get("physicalLocation")
    assert place or not needs_place, location
    if place:
        artifact = place["artifactLocation"]
        assert " " not in artifact["uri"] and not artifact["uri"].startswith("/"), artifact
        assert artifact.get("uriBaseId", "%SRCROOT%") == "%SRCROOT%"
        assert place.get("region", {"startLine": 1})["startLine"] >= 1
    assert location["logicalLocations"][0]["fullyQualifiedName"]


def check_result(result, rules):
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] and result["level"] in LEVELS
    assert 0 <= result.get("rank", 0) <= 100
    check_message(result["message"])
    for location in result["locations"]:
        check_location(location, True)
    for location in result.get("relatedLocations", []):
        check_message(location["message"])
        check_location(location, False)
    for stack in result.get("stacks", []):
        check_message(stack["message"])
        for frame in stack["frames"]:
            check_location(frame["location"], False)
    for flow in result.get("codeFlows", []):
        for thread in flow["threadFlows"]:
            assert thread["locations"]
    assert all(one["kind"] in ("external", "inSource") for one in result["suppressions"])


def check_sarif(path):
    with open(path, encoding="utf-8") as file:
        log = json.load(file)
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json") and len(log["runs"]) == 1
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    ids = [rule["id"] for rule in rules]
    assert len(set(ids)) == len(ids) and all(rule["shortDescription"]["text"].endswith(".") for rule in rules)
    for result in run["results"]:
        check_result(result, rules)
    prints = [result["partialFingerprints"]["heaptracerStacks/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints), "two results have one print"
    return ids, run["results"]


def check_junit(path):
    """By outcome: how many tests."""
    report = junitparser.JUnitXml.fromfile(path)
    outcomes = {"failed": 0, "skipped": 0, "passed": 0}
    for suite in report:
        kinds = [type(case.result[0]).__name__ if case.result else "" for case in suite]
        assert (suite.tests, suite.failures, suite.skipped, suite.errors) == (len(kinds), kinds.count("Failure"), kinds.count("Skipped"), 0), suite.name
        outcomes["failed"] += kinds.count("Failure")
        outcomes["skipped"] += kinds.count("Skipped")
        outcomes["passed"] += kinds.count("")
    return outcomes


def main():
    ids, results = check_sarif(sys.argv[1])
    outcomes = check_junit(sys.argv[2])
    shown = [result for result in results if not result["suppressions"]]
    wanted = dict(word.split("=") for word in sys.argv[3:])
    for rule in set(ids) | set(wanted):
        count = sum(result["ruleId"] == rule for result in shown)
        assert count == int(wanted.get(rule, 0)), f"{rule}: {count} instead of {wanted.get(rule, 0)}"
    assert outcomes["failed"] == sum(result["level"] == "error" for result in shown), outcomes
    assert outcomes["skipped"] == len(results) - len(shown), outcomes
    for result in results:
        print(result["partialFingerprints"]["heaptracerStacks/v1"])


main()
