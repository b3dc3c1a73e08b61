#include "script/expression_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/text/ascii.hpp"
#include "script/expression_lexer.hpp"
#include "script/expression_members.hpp"

namespace tablegate::loader {
namespace {

using core::Expression;
using Kind = core::Expression::Kind;

// An operand that was read.
struct Part {
  Expression tree;
  size_t at = 0;     // byte of the expression
  size_t depth = 1;  // of the tree
  bool list = false;
};

class Parser {
 public:
  Parser(std::string_view text, const Scope& scope, std::optional<ExpressionFault>& fault)
      : fault_(fault), scope_(scope), lexer_(text, scope, fault) {
    take();
  }

  Expression read() {
    if (token_.kind == ExpressionToken::Kind::end && !fault_) fail(0, "the test is empty");
    Part all = any();
    if (!fault_ && token_.kind != ExpressionToken::Kind::end)
      fail(token_.at, fmt::format("unexpected \"{}\"", token_.text.substr(0, 40)));
    return fault_ ? Expression{} : std::move(all.tree);
  }

 private:
  void fail(size_t at, std::string text) {
    lexer_.fail(at, std::move(text));
    token_ = {};
  }
  void take() { token_ = lexer_.next(); }
  bool accept(std::string_view sign) {
    if (!token_.is(sign)) return false;
    take();
    return true;
  }
  void require(std::string_view sign, size_t opened, std::string_view what) {
    if (fault_ || accept(sign)) return;
    if (token_.kind == ExpressionToken::Kind::end) return fail(opened, fmt::format("{} is not closed", what));
    fail(token_.at, fmt::format("expected \"{}\" before \"{}\"", sign, token_.text.substr(0, 40)));
  }

  // A tree of `kind` over `parts`.
  Part join(Kind kind, std::vector<Part> parts, uint32_t place = 0) {
    Part out;
    out.at = parts.front().at;
    out.tree.kind = kind;
    out.tree.place = place;
    for (Part& part : parts) {
      out.depth = std::max(out.depth, part.depth + 1);
      out.tree.operands.push_back(std::move(part.tree));
    }
    if (out.depth > kMaxTestDepth && !fault_)
      fail(out.at, fmt::format("the test is nested more than {} levels deep", kMaxTestDepth));
    return out;
  }

  static std::vector<Part> pair(Part left, Part right) {
    std::vector<Part> parts;
    parts.push_back(std::move(left));
    parts.push_back(std::move(right));
    return parts;
  }

  // Operators of a list are one tree: a and b and c.
  Part chain(Kind kind, std::string_view word, std::string_view sign, Part (Parser::*operand)()) {
    std::vector<Part> parts;
    do {
      parts.push_back((this->*operand)());
    } while (accept(word) || accept(sign));
    return parts.size() == 1 ? std::move(parts.front()) : join(kind, std::move(parts));
  }

  Part any() { return chain(Kind::logical_or, "or", "||", &Parser::all); }
  Part all() { return chain(Kind::logical_and, "and", "&&", &Parser::equality); }

  Part equality() {
    Part left = relation();
    for (;;) {
      Kind kind = Kind::equal;
      if (accept("==") || accept("eq")) {
        kind = Kind::equal;
      } else if (accept("!=") || accept("neq")) {
        kind = Kind::not_equal;
      } else {
        return left;
      }
      Part right = relation();
      comparable(left, right);
      comparable(right, left);
      left = join(kind, pair(std::move(left), std::move(right)));
    }
  }

  // A list is null or it is not; `''` is what people compare with in other languages.
  void comparable(const Part& one, const Part& other) {
    if (!one.list || other.tree.kind == Kind::null) return;
    if (other.tree.kind == Kind::text && other.tree.text.empty()) return;
    fail(one.at, "a list is compared with null alone: write x.size(), x.contains(..) or x[0]");
  }

  Part relation() {
    Part left = sum();
    for (;;) {
      Kind kind = Kind::less;
      if (accept("<=") || accept("lte")) {
        kind = Kind::less_or_equal;
      } else if (accept(">=") || accept("gte")) {
        kind = Kind::greater_or_equal;
      } else if (accept("<") || accept("lt")) {
        kind = Kind::less;
      } else if (accept(">") || accept("gt")) {
        kind = Kind::greater;
      } else if (accept("in")) {
        left = among(Kind::in, std::move(left));
        continue;
      } else if (token_.is("not")) {
        const size_t at = token_.at;
        take();
        if (!accept("in")) fail(at, "expected \"not in\"");
        left = among(Kind::not_in, std::move(left));
        continue;
      } else {
        return left;
      }
      left = join(kind, pair(scalar(std::move(left)), scalar(sum())));
    }
  }

  // x in {1, 2} and x in ids
  Part among(Kind kind, Part left) {
    std::vector<Part> parts;
    parts.push_back(scalar(std::move(left)));
    const size_t at = token_.at;
    if (accept("{")) {
      if (token_.is("}")) fail(at, "the braces are empty");
      do {
        parts.push_back(scalar(any_within(at)));
      } while (accept(","));
      require("}", at, "\"{\"");
    } else {
      parts.push_back(sum());
      if (!parts.back().list) fail(at, "after \"in\" comes {value, value} or the name of a list");
    }
    return join(kind, std::move(parts));
  }

  // Braces, brackets and parentheses may not be nested without an end.
  Part any_within(size_t at) {
    if (++open_ > kMaxTestDepth) {
      fail(at, fmt::format("the test is nested more than {} levels deep", kMaxTestDepth));
      return {};
    }
    Part inner = any();
    --open_;
    return inner;
  }

  Part scalar(Part part) {
    if (part.list) fail(part.at, "a list has no value of its own: write x.size(), x.contains(..) or x[0]");
    return part;
  }

  Part sum() {
    Part left = product();
    for (;;) {
      const Kind kind = token_.is("+") ? Kind::add : Kind::subtract;
      if (!accept("+") && !accept("-")) return left;
      left = join(kind, pair(scalar(std::move(left)), scalar(product())));
    }
  }

  Part product() {
    Part left = unary();
    for (;;) {
      const Kind kind = token_.is("*") ? Kind::multiply : token_.is("/") ? Kind::divide : Kind::remainder;
      if (!accept("*") && !accept("/") && !accept("%")) return left;
      left = join(kind, pair(scalar(std::move(left)), scalar(unary())));
    }
  }

  Part unary() {
    const size_t at = token_.at;
    if (accept("+")) return nested(at, Kind::null);
    if (accept("-")) return nested(at, Kind::negate);
    if (accept("!") || accept("not")) return nested(at, Kind::logical_not);
    return suffixes(primary());
  }

  // `kind`: null for a plus, which does nothing.
  Part nested(size_t at, Kind kind) {
    if (++open_ > kMaxTestDepth) {
      fail(at, fmt::format("the test is nested more than {} levels deep", kMaxTestDepth));
      return {};
    }
    Part inner = unary();
    --open_;
    inner.at = at;
    if (kind != Kind::logical_not) inner = scalar(std::move(inner));
    if (kind == Kind::null) return inner;
    if (kind == Kind::negate && inner.tree.kind == Kind::number && inner.tree.text.front() != '-') {
      if (inner.tree.text.find_first_not_of("0.") != std::string::npos) inner.tree.text.insert(0, "-");
      return inner;
    }
    std::vector<Part> parts;
    parts.push_back(std::move(inner));
    return join(kind, std::move(parts));
  }

  Part primary() {
    Part out;
    out.at = token_.at;
    switch (token_.kind) {
      case ExpressionToken::Kind::number:
      case ExpressionToken::Kind::text:
        out.tree.kind = token_.kind == ExpressionToken::Kind::number ? Kind::number : Kind::text;
        out.tree.text = token_.text;
        take();
        return out;
      case ExpressionToken::Kind::name:
        name(out);
        return out;
      default:
        break;
    }
    if (accept("null")) return out;
    if (token_.is("true") || token_.is("false")) {
      out.tree.kind = Kind::boolean;
      out.tree.place = token_.is("true") ? 1 : 0;
      take();
      return out;
    }
    if (accept("(")) {
      Part inner = any_within(out.at);
      require(")", out.at, "\"(\"");
      return inner;
    }
    if (token_.is("{")) {
      fail(out.at, "a list of values comes after \"in\" alone: x in {1, 2}");
    } else if (token_.kind == ExpressionToken::Kind::end) {
      fail(out.at, "the test ends where a value is expected");
    } else {
      // A parameter may be called eq.
      const bool declared = token_.kind == ExpressionToken::Kind::word && scope_.find(token_.text);
      fail(out.at,
           fmt::format("expected a value before \"{}\"{}", token_.text,
                       declared ? ", which is an operator of tests: give the parameter another name" : ""));
    }
    return out;
  }

  void name(Part& out) {
    const ScopeName& meaning = token_.meaning;
    out.tree.kind = meaning.kind == ScopeName::Kind::item    ? Kind::item
                    : meaning.kind == ScopeName::Kind::index ? Kind::index
                                                             : Kind::parameter;
    out.tree.place = meaning.place;
    out.list = meaning.list;
    take();
  }

  // .method() and [0], again and again
  Part suffixes(Part part) {
    for (;;) {
      const size_t at = token_.at;
      if (token_.is(".")) {
        part = call(std::move(part));
      } else if (accept("[")) {
        if (!part.list) fail(at, "only a list has items: x[0]");
        Part place = scalar(any_within(at));
        require("]", at, "\"[\"");
        part = join(Kind::at, pair(std::move(part), std::move(place)));
      } else {
        return part;
      }
    }
  }

  Part call(Part receiver) {
    size_t at = 0;
    const std::string member = lexer_.member(at);
    take();
    const bool called = token_.is("(");
    const std::optional<core::Method> method = core::parse_method(member);
    if (!method) {
      fail(at, unknown_member(member, called));
      return receiver;
    }
    if (!called) {
      const char* const parentheses = core::method_arguments(*method) == 0 ? "()" : "(..)";
      fail(at, fmt::format("a method has parentheses: write {}{}", member, parentheses));
      return receiver;
    }
    if (receiver.list && !is_of_lists(*method)) {
      fail(at, fmt::format("a list has no {}(): there are size(), isEmpty(), contains(..) and indexOf(..)",
                           member));
      return receiver;
    }
    if (!receiver.list && !is_of_texts(*method)) {
      fail(at, fmt::format("only a list has {}(): write length()", member));
      return receiver;
    }
    return join(Kind::call, arguments(std::move(receiver), *method, at), static_cast<uint32_t>(*method));
  }

  std::vector<Part> arguments(Part receiver, core::Method method, size_t at) {
    std::vector<Part> parts;
    parts.push_back(std::move(receiver));
    const size_t opened = token_.at;
    take();
    if (!token_.is(")")) {
      do {
        parts.push_back(scalar(any_within(opened)));
      } while (accept(","));
    }
    require(")", opened, "\"(\"");
    const size_t count = core::method_arguments(method);
    if (!fault_ && parts.size() != count + 1) {
      const std::string_view what = count == 0 ? "() has no argument" : "(..) has one argument";
      fail(at, fmt::format("{}{}", core::method_name(method), what));
    }
    return parts;
  }

  std::optional<ExpressionFault>& fault_;
  const Scope& scope_;
  ExpressionLexer lexer_;
  ExpressionToken token_;
  size_t open_ = 0;
};

}  // namespace

core::Expression read_expression(std::string_view text, const Scope& scope,
                                 std::optional<ExpressionFault>& fault) {
  fault.reset();
  return Parser(text, scope, fault).read();
}

}  // namespace tablegate::loader
