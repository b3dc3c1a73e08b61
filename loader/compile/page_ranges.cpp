#include "compile/page_ranges.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "core/plan/statement.hpp"

namespace tablegate::loader {
namespace {

using core::Nodes;

Nodes sql_nodes(std::string sql) {
  return {{core::TextNode{std::move(sql)}}};
}

void append_nodes(Nodes& nodes, Nodes more) {
  std::move(more.begin(), more.end(), std::back_inserter(nodes));
}

class Ranges {
 public:
  Ranges(const std::vector<SortKey>& sort, uint32_t first_key) : sort_(sort), first_key_(first_key) {
    tail_ = sort.size();
    while (tail_ > 0 && !sort[tail_ - 1].nullable && sort[tail_ - 1].descending == sort.back().descending)
      --tail_;
  }

  std::vector<PageRange> all() {
    std::vector<PageRange> ranges;
    if (tail_ < sort_.size()) add(ranges, tail_, compared());
    for (size_t place = tail_; place-- > 0;) {
      add(ranges, place, beyond(place));
      // NULLs are the last ones of an ascending order.
      if (sort_[place].nullable && !sort_[place].descending)
        add(ranges, place,
            chosen(place, sql_nodes(" AND " + name(place) + " IS NULL"), sql_nodes(" AND false")));
    }
    return ranges;
  }

 private:
  std::string name(size_t place) const {
    return std::string(kSortedTable) + "." + core::quote_identifier(sort_[place].column);
  }
  uint32_t number(size_t place) const { return first_key_ + static_cast<uint32_t>(place); }

  // `given` where the row has a value, `null` where it has NULL.
  Nodes chosen(size_t place, Nodes given, Nodes null) const {
    core::ChooseNode choose;
    choose.whens.push_back({{number(place)}, std::move(given)});
    choose.otherwise = std::move(null);
    return {{std::move(choose)}};
  }

  Nodes with_value(size_t place, const char* comparison) const {
    return {{core::TextNode{fmt::format(" AND {} {} ", name(place), comparison)}},
            {core::ValueNode{number(place)}}};
  }

  Nodes equal_before(size_t end) const {
    Nodes nodes;
    for (size_t place = 0; place < end; ++place) {
      Nodes equal = with_value(place, "=");
      if (sort_[place].nullable)
        equal = chosen(place, std::move(equal), sql_nodes(" AND " + name(place) + " IS NULL"));
      append_nodes(nodes, std::move(equal));
    }
    return nodes;
  }

  void add(std::vector<PageRange>& ranges, size_t place, Nodes condition) const {
    PageRange range{equal_before(place), place};
    append_nodes(range.condition, std::move(condition));
    ranges.push_back(std::move(range));
  }

  // This column is beyond the row's, without the NULLs at the end of an ascending order.
  Nodes beyond(size_t place) const {
    const SortKey& key = sort_[place];
    Nodes further = with_value(place, key.descending ? "<" : ">");
    if (!key.nullable) return further;
    return chosen(
        place, std::move(further),
        key.descending ? sql_nodes(" AND " + name(place) + " IS NOT NULL") : sql_nodes(" AND false"));
  }

  // The tail, as one row.
  Nodes compared() const {
    const char* const comparison = sort_.back().descending ? "<" : ">";
    if (sort_.size() - tail_ == 1) return with_value(tail_, comparison);
    std::string names;
    for (size_t place = tail_; place < sort_.size(); ++place)
      names += (names.empty() ? "" : ", ") + name(place);
    Nodes nodes = sql_nodes(fmt::format(" AND ({}) {} (", names, comparison));
    for (size_t place = tail_; place < sort_.size(); ++place) {
      if (place > tail_) append_nodes(nodes, sql_nodes(", "));
      nodes.push_back({core::ValueNode{number(place)}});
    }
    append_nodes(nodes, sql_nodes(")"));
    return nodes;
  }

  const std::vector<SortKey>& sort_;
  const uint32_t first_key_;
  size_t tail_;  // where the longest tail begins that one comparison serves
};

}  // namespace

std::vector<PageRange> ranges_after(std::vector<SortKey> sort, uint32_t first_key, bool given) {
  for (SortKey& key : sort) key.nullable = key.nullable && !(given && key.descending);
  return Ranges(sort, first_key).all();
}

}  // namespace tablegate::loader
