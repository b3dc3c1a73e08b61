// Program::walk(): what a request binds, and its path.
#include <algorithm>
#include <array>
#include <cstring>

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
  PathWriter(const char** values, char* more) : next_(values), decisions_(more) {}

  void value(const char* value) { *next_++ = value; }
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

// A list of `count` items is gone through so often.
size_t rounds_of(size_t count, bool pad) {
  if (!pad || count > kMaxWork) return count;
  size_t rounds = count > 0 ? 1 : 0;
  while (rounds < count) rounds *= 2;
  return rounds;
}

// The loops that a walk is in, the innermost last.
class Loops {
 public:
  // Returns the rounds of the loop, which is only entered if there are any. `text`: see Step.
  size_t enter(const BoundItems* items, bool pad, size_t text) {
    const size_t count = items == nullptr ? 0 : items->count;
    const size_t rounds = rounds_of(count, pad);
    if (rounds > 0) open_[depth_++] = {items, rounds, 0, text};
    return rounds;
  }

  // False: that was the last round, and the loop is left.
  bool next() {
    Loop& loop = open_[depth_ - 1];
    if (++loop.round < loop.rounds) return true;
    --depth_;
    return false;
  }

  size_t text() const { return open_[depth_ - 1].text; }

  // The last one again in the rounds that only pad.
  const char* item(size_t level) const {
    const Loop& loop = open_[depth_ - 1 - level];
    return loop.items->items[std::min(loop.round, loop.items->count - 1)];
  }

 private:
  struct Loop {
    const BoundItems* items = nullptr;
    size_t rounds = 0;
    size_t round = 0;
    size_t text = 0;
  };

  std::array<Loop, kMaxLoops> open_{};
  size_t depth_ = 0;
};

}  // namespace

bool Program::needs_no_walk() const {
  for (size_t place = 0; place < steps_.size(); ++place) {
    if (steps_[place].kind != Step::Kind::value || steps_[place].parameter != place) return false;
  }
  return true;
}

Problem Program::follow(const BoundValues& bound, Arena& arena, Walk& out) const {
  size_t values = values_;
  size_t decisions = decisions_;
  if (loops_) {
    Meter meter;
    if (!take_steps(bound, meter) || !meter.fits())
      return {Slug::invalid_parameter, {}, "the lists of this call are too long to be taken together"};
    values = meter.values();
    decisions = meter.decisions();
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
  PathWriter writer(first, more);
  take_steps(bound, writer);
  out.path.bits = writer.bits();
  out.count = static_cast<int>(writer.next() - first);
  out.values = first;
  return {};
}

// False: `sink` has ended it.
template <class Sink>
bool Program::take_steps(const BoundValues& bound, Sink& sink) const {
  using Kind = Step::Kind;
  const Step* const steps = steps_.data();
  const Step* const end = steps + steps_.size();
  Loops loops;
  for (const Step* step = steps; step != end;) {
    switch (step->kind) {
      case Kind::value:
        sink.value(bound.values[step->parameter]);
        break;
      case Kind::optional:
        sink.optional(bound.values[step->parameter]);
        break;
      case Kind::decide: {
        const bool present = bound.values[step->parameter] != nullptr;
        sink.decide(present);
        if (present) break;
        step = steps + step->target;
        continue;
      }
      case Kind::jump:
        step = steps + step->target;
        continue;
      case Kind::loop: {
        const BoundItems* items = bound.items == nullptr ? nullptr : bound.items + step->parameter;
        const size_t rounds = loops.enter(items, step->pad, step->text);
        for (size_t bit = 0; bit < kLoopBits; ++bit) sink.decide((rounds >> bit & 1U) != 0);
        if (rounds > 0) {
          if (!sink.round(step->text)) return false;
          break;
        }
        step = steps + step->target;
        continue;
      }
      case Kind::next: {
        const size_t text = loops.text();
        if (!loops.next()) break;
        if (!sink.round(text)) return false;
        step = steps + step->target;
        continue;
      }
      case Kind::item:
        sink.value(loops.item(step->parameter));
        break;
    }
    ++step;
  }
  return true;
}

}  // namespace tablegate::core
