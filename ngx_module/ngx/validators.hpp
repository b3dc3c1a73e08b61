// What an answer of rows says to caches, and what a request asks by it: ETag, Last-Modified, Cache-Control,
// Vary, If-None-Match (RFC 9110 sections 8.8 and 13, RFC 9111). If-Modified-Since, If-Match and
// If-Unmodified-Since change nothing: rows have no time of change of their own, and no request changes them.
#pragma once

#include "core/plan/bound_values.hpp"
#include "ngx/call.hpp"

namespace tablegate::ngx {

// The parameters are bound: makes the digest of the call, where the API's rows have an entity tag.
void make_call_digest(Call& call, const core::BoundValues& bound);

// The generations that the rows were read from (core::TableGenerations::identity) are known: makes the tag.
// 0: they are not, and there is no tag.
void set_generations(Call& call, uint64_t generations);

// The client has what would be sent: the answer is 304.
bool is_not_modified(Call& call);

// ETag, Last-Modified, Cache-Control and Vary of rows. `modified` as in Waiter::on_rows. False: no memory.
bool add_validators(Call& call, int64_t modified);

}  // namespace tablegate::ngx
