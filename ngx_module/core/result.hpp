// Result<T>: a value or an Error. Errors are values in core and pg: nothing
// here throws, and no exception reaches nginx or libpq. An Error says in words
// what is wrong, and where: a JSON pointer (RFC 6901), a line ("line 3") or a
// parameter's name.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace tablegate::core {

struct Error {
  std::string message;  // one sentence without a trailing dot
  std::string where;    // JSON pointer, line or parameter; may be empty

  // "where: message", or the message alone.
  std::string text() const { return where.empty() ? message : where + ": " + message; }
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return *std::get_if<0>(&state_); }
  const T& operator*() const { return *std::get_if<0>(&state_); }
  T* operator->() { return std::get_if<0>(&state_); }
  const T* operator->() const { return std::get_if<0>(&state_); }
  const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

// The result of a function that returns nothing but success.
struct Done {};
using Status = Result<Done>;

}  // namespace tablegate::core
