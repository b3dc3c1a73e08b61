#include "compile/contract_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compile/script_page.hpp"
#include "compile/sort.hpp"

namespace tablegate::loader {
namespace {

// As people read it: "none" where there is nothing.
std::string shown(const std::optional<std::string>& value) {
  return value ? *value : std::string("none");
}

// `"25"`; of a list `["1","2"]`.
std::string default_text(const RequestParameter& parameter) {
  const std::optional<DefaultOrSample>& value = parameter.default_value;
  if (!value || !value->plain) return "none";
  if (!parameter.takes_list()) return "\"" + value->text + "\"";
  std::string items;
  for (const std::string& item : value->items()) items += (items.empty() ? "\"" : ",\"") + item + "\"";
  return "[" + items + "]";
}

// The type of the column behind a parameter, or `otherwise` where the source does not have it.
std::string type_on(const ContractSide& side, const std::string& column, const std::string& otherwise) {
  const TableColumn* const found = side.source.find(column);
  return found == nullptr ? otherwise : std::string(core::column_type_name(found->type));
}

std::string type_on(const ContractSide& side, const RequestParameter& parameter) {
  if (side.definition.is_script()) return parameter.type;
  return type_on(side, parameter.column, parameter.type);
}

std::string type_on(const ContractSide& side, const ResponseParameter& parameter) {
  return type_on(side, parameter.column, parameter.type.value_or(""));
}

// Whether every value of column type `a` is one of `b`.
bool fits_into(const std::string& a, const std::string& b) {
  if (a == b) return true;
  static const std::map<std::string, std::vector<std::string>> wider = {{"int2", {"int4", "int8", "numeric"}},
                                                                        {"int4", {"int8", "numeric"}},
                                                                        {"int8", {"numeric"}},
                                                                        {"float4", {"float8"}}};
  const auto found = wider.find(a);
  return found != wider.end() && std::count(found->second.begin(), found->second.end(), b) != 0;
}

bool holds(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

class Check {
 public:
  Check(const ContractSide& before, const ContractSide& after)
      : before_(before), after_(after), was_(before.definition), is_(after.definition) {}

  std::vector<ContractBreak> run() {
    changed("path", was_.path, is_.path);
    changed("method", was_.method, is_.method);
    for (const RequestParameter& parameter : was_.request_parameters) request(parameter);
    for (const RequestParameter& parameter : is_.request_parameters) added(parameter);
    response_ = response_of(is_, after_.source);
    for (const ResponseParameter& field : response_of(was_, before_.source)) response(field);
    changed("result", was_.answer_form(), is_.answer_form());
    order();
    cursors();
    changed("envelope", was_.envelope, is_.envelope);
    formats();
    limits();
    authentication();
    return std::move(breaks_);
  }

 private:
  void add(const std::string& what, const std::string& reason) { breaks_.push_back({what, reason}); }
  void changed(const std::string& what, const std::string& from, const std::string& to) {
    if (from != to) add(what, fmt::format("was {} and is {}", from, to));
  }
  void smaller(const std::string& what, int64_t from, int64_t to) {
    if (to < from) add(what, fmt::format("was {} and is {}", from, to));
  }

  void request(const RequestParameter& old) {
    const std::string what = "parameter " + old.name;
    const RequestParameter* const found = is_.request_parameter(old.name);
    if (found == nullptr) return add(what, "was removed");
    changed(what + ": type", old.type_text(), found->type_text());
    changed(what + ": in", old.place, found->place);
    if (!was_.is_script() && !is_.is_script())
      changed(what + ": operator", std::string(comparison_text(old.comparison)),
              std::string(comparison_text(found->comparison)));
    const std::string column = type_on(before_, old), now = type_on(after_, *found);
    const bool columns = !was_.is_script() && !is_.is_script();
    if (columns && old.type == found->type && !fits_into(column, now))
      add(what, fmt::format("takes fewer values: its column was {} and is {}", column, now));
    if (old.type == "DATETIME" && column == "timestamptz" && now == column)
      changed(what + ": time zone", before_.source.time_zone, after_.source.time_zone);
    if (!old.required && found->required) return add(what, "is required now");
    // Who has to send a value sees no default.
    if (old.required) return;
    changed(what + ": default", default_text(old), default_text(*found));
  }

  void added(const RequestParameter& parameter) {
    if (was_.request_parameter(parameter.name) == nullptr && parameter.required)
      add("parameter " + parameter.name, "is new and required");
  }

  void response(const ResponseParameter& old) {
    const std::string what = "response field " + old.name;
    const auto found = std::find_if(response_.begin(), response_.end(),
                                    [&old](const ResponseParameter& one) { return one.name == old.name; });
    if (found == response_.end()) {
      // The columns of a script that was never tested are not known.
      if (is_.is_script() && response_.empty()) return;
      return add(what, "was removed");
    }
    const std::string type = type_on(before_, old), now = type_on(after_, *found);
    const bool same_mask = old.mask && old.mask == found->mask;
    // A hash is of the value's text, which another type may write in another way.
    const bool known = !type.empty() && !now.empty();
    if (known && (!same_mask || *old.mask != "null")) changed(what + ": type", type, now);
    changed(what + ": as", old.as.empty() ? "none" : old.as, found->as.empty() ? "none" : found->as);
    changed(what + ": mask", shown(old.mask), shown(found->mask));
    if (!same_mask && type == "timestamptz" && now == type)
      changed(what + ": time zone", before_.source.time_zone, after_.source.time_zone);
  }

  // Columns after those of a list's order only sort rows that had no order. The rows of pages always have
  // one.
  void order() {
    if (was_.is_script() || is_.is_script()) return;  // a script's order is its own matter
    const bool pages = was_.paginates() && is_.paginates();
    const auto sort = [pages](const ContractSide& side) {
      std::vector<SortColumn> order = side.definition.order_by;
      if (!pages) return order;
      order.clear();
      for (const SortKey& key : total_sort(side.definition, side.source))
        order.push_back({key.column, key.descending});
      return order;
    };
    const std::vector<SortColumn> old = sort(before_);
    std::vector<SortColumn> now = sort(after_);
    const std::string words = order_words(now);
    if (!pages && now.size() > old.size()) now.resize(old.size());
    if (order_words(old) != order_words(now))
      add("order_by", fmt::format("was {} and is {}", order_words(old), words));
  }

  void cursors() {
    if (was_.paginates() && is_.paginates() && !cursor_sort(was_, before_.source).empty() &&
        cursor_sort(is_, after_.source).empty())
      add("pagination", "no longer has cursors");
  }

  // Without a choice callers get the first one.
  void formats() {
    for (const std::string& format : was_.formats) {
      if (!is_.answers_in(format)) add("formats", fmt::format("no longer has {}", format));
    }
    if (is_.answers_in(was_.formats.front()) && is_.formats.front() != was_.formats.front())
      add("formats",
          fmt::format("began with {} and begins with {}", was_.formats.front(), is_.formats.front()));
    if (was_.answers_in("csv") && is_.answers_in("csv") && was_.csv_safe != is_.csv_safe)
      add("csv_safe", was_.csv_safe ? "was true and is false" : "was false and is true");
  }

  void limits() {
    if (!was_.paginates() && !is_.paginates()) smaller("max_records", was_.max_records, is_.max_records);
    if (!was_.rejects_unknown() && is_.rejects_unknown())
      add("unknown parameters", "were ignored and are now rejected");
    if (was_.query_method && !is_.query_method) add("query_method", "was true and is false");
    if (!was_.paginates() || !is_.paginates()) return;
    if (was_.pagination->total && !is_.pagination->total) add("pagination: total", "was true and is false");
    smaller("pagination: max_size", was_.pagination->max_size, is_.pagination->max_size);
    changed("pagination: default_size", std::to_string(was_.pagination->default_size),
            std::to_string(is_.pagination->default_size));
  }

  void authentication() {
    const std::vector<std::string>& types = was_.authentication;
    const std::vector<std::string>& now = is_.authentication;
    if (types.empty() && !now.empty())
      return add("authentication", "was open to all and now requires a credential");
    if (now.empty()) return;  // open to all: every credential still gets in
    for (const std::string& type : types) {
      if (!holds(now, type)) add("authentication", fmt::format("no longer takes {}", type));
    }
    const auto both = [&](const char* type) { return was_.takes(type) && is_.takes(type); };
    if (both("hmac")) hmac(was_.hmac_rule(), is_.hmac_rule());
    const ApiKeySource from = was_.key_source(), to = is_.key_source();
    if (both("api_key")) changed("api_key_source", from.in + " " + from.name, to.in + " " + to.name);
  }

  void hmac(const HmacRule& old, const HmacRule& now) {
    for (const std::string& method : old.methods) {
      if (!holds(now.methods, method)) add("hmac: methods", fmt::format("no longer has {}", method));
    }
    const auto stricter = [this](const char* name, bool before, bool after) {
      if (!before && after) add(fmt::format("hmac: {}", name), "was off and is on");
    };
    stricter("require_nonce", old.require_nonce, now.require_nonce);
    stricter("require_content_md5", old.require_content_md5, now.require_content_md5);
  }

  const ContractSide& before_;
  const ContractSide& after_;
  const ApiDefinition& was_;
  const ApiDefinition& is_;
  std::vector<ResponseParameter> response_;  // of `after`
  std::vector<ContractBreak> breaks_;
};

}  // namespace

std::vector<ContractBreak> contract_breaks(const ContractSide& before, const ContractSide& after) {
  return Check(before, after).run();
}

}  // namespace tablegate::loader
