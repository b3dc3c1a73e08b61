// Answers of rows that are given without a query: kept ones of tablegate_cache_zone,
// and 304. Both only while it is known what the tables have; for `tablegate_stale`
// longer where PostgreSQL cannot be asked. What is kept is the body and what its
// headers are made of; the headers are made for each request (answer.hpp).
#pragma once

#include "ngx/call.hpp"
#include "ngx/chain_sink.hpp"

namespace tablegate::ngx {

struct RowHeaders;
struct WrittenBody;
struct WrittenRows;

// Before the digest of the call is made: where its answer may be kept, Call::kept_under gets its place.
void begin_keeping(Call& call);

// NGX_DECLINED: it has to be asked for. Otherwise the answer was sent.
ngx_int_t answer_without_query(Call& call);
// The same for a call whose query failed: if PostgreSQL cannot be asked, by what was known last.
ngx_int_t answer_stale(Call& call, core::Slug failure);

// Rows that are about to be sent: keeps them, if they may be kept. The body has all of them, unsent.
void keep_rows(const Call& call, const WrittenRows& rows, const RowHeaders& headers, const WrittenBody& body);

// Whether a body of so many bytes would be kept, once the generations of its rows are known.
bool keeps(const Call& call, size_t size);

// Age and X-Tablegate-Stale, where they are needed. False: no memory.
bool add_stale_headers(Call& call);

// For $tablegate_cache_status; empty: the call has none.
std::string_view cache_status(const Call& call);

}  // namespace tablegate::ngx
