// Program::walk(): what a request binds, and its path.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <vector>

#include "core/plan/evaluation.hpp"
#include "core/plan/loops.hpp"
#include "core/plan/program.hpp"

namespace tablegate::core {

namespace {

// The decisions of a walk as a Path has them. Those that do not fit its 64 bits go to `more`, zeroed.
class Decisions {
 public:
  explicit Decisions(char* more = nullptr) : more_(more) {}

  void add(bool outcome) {
    if (next_ != 0) {
      bits_ |= outcome ? next_ : 0;
      next_ <<= 1U;
      return;
    }
    char& byte = more_[place_ / 8];
    byte = static_cast<char>(byte | (outcome ? 1 : 0) << place_ % 8);
    ++place_;
  }

  uint64_t bits() const { return bits_; }

 private:
  uint64_t bits_ = 0;
  uint64_t next_ = 1;  // 0: the 64 bits are used up
  char* more_;
  size_t place_ = 0;  // in more_, in bits
};

// Keeps what a walk makes. There is room for all of it.
class PathWriter {
 public:
  PathWriter(const char** values, char* more, Arena& arena)
      : arena_(arena), next_(values), decisions_(more) {}

  void value(const char* value) { *next_++ = value; }
  // False: no memory.
  bool index(size_t number) {
    constexpr size_t kRoom = 24;
    auto* const text = static_cast<char*>(arena_.allocate(kRoom));
    if (text == nullptr) return false;
    *std::to_chars(text, text + kRoom, number).ptr = '\0';
    value(text);
    return true;
  }
  void optional(const char* value) {
    decisions_.add(value != nullptr);
    *next_ = value;
    next_ += value != nullptr ? 1 : 0;
  }
  void decide(bool outcome) { decisions_.add(outcome); }
  bool round(size_t text) {
    (void)text;
    return true;
  }

  const char** next() const { return next_; }
  uint64_t bits() const { return decisions_.bits(); }

 private:
  Arena& arena_;
  const char** next_;
  Decisions decisions_;
};

// Counts what a walk with loops makes, and ends it where that is too much.
class Meter {
 public:
  void value(const char* value) {
    (void)value;
    ++values_;
  }
  bool index(size_t number) {
    (void)number;
    ++values_;
    return true;
  }
  void optional(const char* value) {
    ++decisions_;
    values_ += value != nullptr ? 1 : 0;
  }
  void decide(bool outcome) {
    (void)outcome;
    ++decisions_;
  }
  // `text`: of the round, in bytes.
  bool round(size_t text) {
    ++rounds_;
    text_ += text;
    return fits();
  }

  bool fits() const {
    return values_ <= kMaxWork && rounds_ <= kMaxWork && text_ <= kMaxLoopText &&
           decisions_ <= kMaxWork * (kLoopBits + 1);
  }
  size_t values() const { return values_; }
  size_t decisions() const { return decisions_; }

 private:
  size_t values_ = 0;
  size_t decisions_ = 0;
  size_t rounds_ = 0;
  size_t text_ = 0;
};

Problem too_long() {
  return {Slug::invalid_parameter, {}, "the lists of this call are too long to be taken together"};
}

// Whether all of them together have no more than kMaxValueBytes. Looks at no more bytes than that.
bool fit_together(const char* const* values, size_t count) {
  size_t left = kMaxValueBytes;
  for (size_t place = 0; place < count; ++place) {
    if (values[place] == nullptr) continue;
    const size_t size = strnlen(values[place], left + 1);
    if (size > left) return false;
    left -= size;
  }
  return true;
}

Problem too_large() {
  return {
      Slug::invalid_parameter, {}, "the values of this call are too long: its statement has them many times"};
}

}  // namespace

bool Program::uses_a_value_often() const {
  std::vector<size_t> uses(parameters());
  for (const Step& step : steps_) {
    const bool binds = step.kind == Step::Kind::value || step.kind == Step::Kind::optional ||
                       step.kind == Step::Kind::list || step.kind == Step::Kind::list_item;
    if (binds && ++uses[step.parameter] > kMaxUses) return true;
  }
  return false;
}

bool Program::needs_no_walk() const {
  for (size_t place = 0; place < steps_.size(); ++place) {
    if (steps_[place].kind != Step::Kind::value || steps_[place].parameter != place) return false;
  }
  return true;
}

Problem Program::follow(const BoundValues& bound, Arena& arena, Walk& out) const {
  size_t values = values_;
  size_t decisions = decisions_;
  Evaluation tests(bound, parameter_types_, arena);
  if (loops_) {
    Meter meter;
    if (const Problem problem = take_steps(bound, tests, meter)) return problem;
    if (!meter.fits()) return too_long();
    values = meter.values();
    decisions = meter.decisions();
    tests.repeat();
  }
  out.path = {};
  // One more than there are placeholders: a value that is absent is written and then taken back.
  auto** const first = static_cast<const char**>(arena.allocate((values + 1) * sizeof(const char*)));
  if (first == nullptr) return {Slug::internal_error, {}, {}};
  char* more = nullptr;
  if (decisions > Path::kShort) {
    const size_t size = (decisions - Path::kShort + 7) / 8;
    more = static_cast<char*>(arena.allocate(size));
    if (more == nullptr) return {Slug::internal_error, {}, {}};
    std::memset(more, 0, size);
    out.path.more = {more, size};
  }
  PathWriter writer(first, more, arena);
  if (const Problem problem = take_steps(bound, tests, writer)) return problem;
  out.path.bits = writer.bits();
  out.count = static_cast<int>(writer.next() - first);
  out.values = first;
  if ((loops_ || often_) && !fit_together(first, static_cast<size_t>(out.count))) return too_large();
  return {};
}

Problem Program::absent(uint32_t parameter) const {
  return {Slug::missing_parameter, names_[parameter], "is required by the other parameters of this call"};
}

template <class Sink>
Problem Program::take_steps(const BoundValues& bound, Evaluation& tests, Sink& sink) const {
  using Kind = Step::Kind;
  const Step* const steps = steps_.data();
  const Step* const end = steps + steps_.size();
  Loops loops;
  for (const Step* step = steps; step != end;) {
    switch (step->kind) {
      case Kind::value:
        sink.value(bound.values[step->parameter]);
        break;
      case Kind::list:
        if (bound.values[step->parameter] == nullptr) return absent(step->parameter);
        sink.value(bound.values[step->parameter]);
        break;
      case Kind::optional:
        sink.optional(bound.values[step->parameter]);
        break;
      case Kind::decide:
      case Kind::test: {
        const bool outcome = step->kind == Kind::decide ? bound.values[step->parameter] != nullptr
                                                        : tests.test(tests_[step->parameter], loops);
        if (tests.failed()) return tests.problem();
        sink.decide(outcome);
        if (outcome) break;
        step = steps + step->target;
        continue;
      }
      case Kind::jump:
        step = steps + step->target;
        continue;
      case Kind::loop: {
        if (bound.values[step->parameter] == nullptr) return absent(step->parameter);
        const size_t rounds =
            loops.enter(step->parameter, bound.items_of(step->parameter), step->pad, step->text);
        for (size_t bit = 0; bit < kLoopBits; ++bit) sink.decide((rounds >> bit & 1U) != 0);
        if (rounds > 0) {
          if (!sink.round(step->text)) return too_long();
          break;
        }
        step = steps + step->target;
        continue;
      }
      case Kind::next: {
        const size_t text = loops.text();
        if (!loops.next()) break;
        if (!sink.round(text)) return too_long();
        step = steps + step->target;
        continue;
      }
      case Kind::item:
        sink.value(loops.item(step->parameter));
        break;
      case Kind::index:
        if (!sink.index(loops.index(step->parameter))) return {Slug::internal_error, {}, {}};
        break;
      case Kind::list_item: {
        const bool present = bound.values[step->parameter] != nullptr;
        const BoundItems list = present ? bound.items_of(step->parameter) : BoundItems();
        sink.value(step->target < list.count ? list.items[step->target] : nullptr);
        break;
      }
      case Kind::reject: {
        const bool rejected = tests.test(tests_[step->parameter], loops);
        if (tests.failed()) return tests.problem();
        const Rejection& rejection = rejections_[step->target];
        if (rejected) return {Slug::invalid_parameter, rejection.subject, rejection.detail};
        break;
      }
    }
    ++step;
  }
  return {};
}

}  // namespace tablegate::core
