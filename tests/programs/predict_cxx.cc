/* predict_cxx: allocates with new and through the standard library's containers; compiled for 64 and 32 bits, its peak there is the truth. */
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

struct Point {
    Point *next;
    double x;
    int tag;
};

struct Named {
    std::string name;
    long value = 0;
    virtual ~Named() = default;
};

template <class T> struct Tree {
    T value{};
    Tree *left = nullptr, *right = nullptr;
};

class Book {
  public:
    void add(int number)
    {
        std::string key = "a key that is too long for the string itself " + std::to_string(number);
        by_key[key] = number;
        by_number.emplace(number, Point{nullptr, 1.5, number});
        names.push_back(key);
        queue.push_back(Point{nullptr, 0, number});
        order.push_back(&by_number[number]);
        seen.insert(number);
        rows.emplace_back();
        rows.back().assign(number % 5 + 1, nullptr);
    }

  private:
    std::map<std::string, long> by_key;
    std::unordered_map<int, Point> by_number;
    std::list<std::string> names;
    std::deque<Point> queue;
    std::vector<Point *> order;
    std::set<long> seen;
    std::vector<std::vector<void *>> rows;
};

int main()
{
    Book book;
    std::vector<std::unique_ptr<Tree<Point>>> trees;
    std::vector<std::shared_ptr<Named>> shared;
    for (int i = 0; i < 300; i++) {
        book.add(i);
        trees.push_back(std::make_unique<Tree<Point>>());
        shared.push_back(i % 2 ? std::make_shared<Named>() : std::shared_ptr<Named>(new Named));
    }
    std::unique_ptr<Point[]> points(new Point[50]);
    std::unique_ptr<Named[]> named(new Named[40]);
    std::unique_ptr<char[]> text(new char[1001]);
    points[0].tag = static_cast<int>(shared.size());
    return points[0].tag + text[0] * 0 == 300 ? 0 : 1;
}
