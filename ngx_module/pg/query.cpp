#include "pg/query.hpp"

#include <cassert>

namespace tablegate::pg {

void QueryList::push_back(Query& query) {
  assert(query.list_ == nullptr && query.operation_ == nullptr);
  query.list_ = this;
  query.previous_ = last_;
  query.next_ = nullptr;
  if (last_ != nullptr) {
    last_->next_ = &query;
  } else {
    first_ = &query;
  }
  last_ = &query;
  ++size_;
}

void QueryList::push_front(Query& query) {
  assert(query.list_ == nullptr && query.operation_ == nullptr);
  query.list_ = this;
  query.previous_ = nullptr;
  query.next_ = first_;
  if (first_ != nullptr) {
    first_->previous_ = &query;
  } else {
    last_ = &query;
  }
  first_ = &query;
  ++size_;
}

void QueryList::remove(Query& query) {
  assert(query.list_ == this);
  (query.previous_ != nullptr ? query.previous_->next_ : first_) = query.next_;
  (query.next_ != nullptr ? query.next_->previous_ : last_) = query.previous_;
  query.list_ = nullptr;
  query.previous_ = nullptr;
  query.next_ = nullptr;
  --size_;
}

Query* QueryList::pop_front() {
  Query* query = first_;
  if (query != nullptr) remove(*query);
  return query;
}

void QueryList::prepend(QueryList& other) {
  // From the back, so that the order stays; each query has to learn its new list anyway.
  while (other.last_ != nullptr) {
    Query& query = *other.last_;
    other.remove(query);
    push_front(query);
  }
}

}  // namespace tablegate::pg
