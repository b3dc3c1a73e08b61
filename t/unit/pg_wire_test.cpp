// pg/wire_reader, pg/wire_writer, pg/inbox: messages in any pieces, broken lengths, rows that stay in place
// while the buffer grows and moves, and the bytes of what is sent.
#include <arpa/inet.h>
#include <string.h>

#include "pg/inbox.hpp"
#include "pg/wire_writer.hpp"
#include "testing.hpp"

using namespace tablegate;
using namespace tablegate::pg;

namespace {

std::string number(uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>((value >> (8 * i)) & 0xFF));
  return text;
}

std::string framed(char type, const std::string& body) {
  return std::string(1, type) + number(static_cast<uint32_t>(body.size() + 4), 4) + body;
}

// "\1" is SQL NULL.
std::string row_body(const std::vector<std::string>& cells) {
  std::string body = number(static_cast<uint32_t>(cells.size()), 2);
  for (const std::string& cell : cells) {
    body += cell == "\1" ? number(UINT32_MAX, 4) : number(static_cast<uint32_t>(cell.size()), 4) + cell;
  }
  return body;
}

std::string column(const std::string& name, uint32_t type) {
  return name + '\0' + number(0, 4) + number(0, 2) + number(type, 4) + number(8, 2) + number(0, 4) +
         number(0, 2);
}

Message message_of(char type, const std::string& body) {
  return {type, body.data(), body.size()};
}

void put(Inbox& inbox, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const Inbox::Room room = inbox.room();
    ck_assert(room.data != nullptr && room.size > 0);
    const std::size_t size = std::min(room.size, bytes.size() - at);
    memcpy(room.data, bytes.data() + at, size);
    inbox.add(size);
    at += size;
  }
}

std::string text_of(const core::Cell& cell) {
  return cell.data == nullptr ? "\1" : std::string(cell.data, cell.size);
}

const std::vector<std::vector<std::string>>& rows_of_test() {
  static const std::vector<std::vector<std::string>> rows = {
      {"1", "Alice", "\1"}, {"", "", ""}, {"\1", "\1", "\1"}, {"2", std::string(3000, 'x'), "\xC3\xA4"}};
  return rows;
}

START_TEST(messages_split_at_every_byte) {
  std::string bytes = framed('T', number(3, 2) + column("a", 20) + column("b", 25) + column("c", 25));
  for (const auto& row : rows_of_test()) bytes += framed('D', row_body(row));
  bytes += framed('C', std::string("SELECT 4") + '\0') + framed('Z', "I");
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    Inbox inbox;
    std::vector<uint64_t> places;
    std::vector<uint32_t> types;
    std::string order;
    for (const std::string& piece : {bytes.substr(0, split), bytes.substr(split)}) {
      put(inbox, piece);
      Message message;
      Frame frame = Frame::whole;
      while ((frame = inbox.next(message)) == Frame::whole) {
        order += message.type;
        if (message.type == 'T') ck_assert(read_columns(message, types));
        if (message.type != 'D') continue;
        ck_assert(is_row(message, 3));
        places.push_back(inbox.position_of(message.body));
      }
      ck_assert(frame == Frame::incomplete);
    }
    ck_text_eq(order, "TDDDDCZ");
    ck_assert(types == std::vector<uint32_t>({20, 25, 25}));
    for (std::size_t row = 0; row < places.size(); ++row) {
      core::Cell cells[3];
      read_row(inbox.at(places[row]), 3, cells);
      for (std::size_t i = 0; i < 3; ++i) {
        ck_text_eq(text_of(cells[i]), rows_of_test()[row][i]);
        ck_text_eq(text_of(read_cell(inbox.at(places[row]), i)), rows_of_test()[row][i]);
      }
    }
  }
}
END_TEST

START_TEST(lengths_that_no_server_sends) {
  Message message;
  const auto frame_of = [&message](char type, uint32_t length) {
    const std::string bytes = type + number(length, 4) + std::string(8, 'x');
    return read_frame(bytes.data(), bytes.size(), message);
  };
  for (const uint32_t length : {0U, 1U, 3U, 0x40000000U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
    for (const char type : {'D', 'Z', '\0'}) ck_assert(frame_of(type, length) == Frame::invalid);
  }
  // Long ones hold values, names or texts.
  for (const char type : {'T', 'D', 'E', 'N', 'A'})
    ck_assert(frame_of(type, 0x3FFFFFFF) == Frame::incomplete);
  for (const char type : {'C', 'Z', '1', 'S', 'H', '\0'}) {
    ck_assert(frame_of(type, 30001) == Frame::invalid);
    ck_assert(frame_of(type, 30000) == Frame::incomplete);
  }
  ck_assert(frame_of('Z', 4) == Frame::whole && message.size == 0);
  ck_assert(frame_of('Z', 12) == Frame::whole && message.size == 8);
  ck_assert(frame_of('Z', 13) == Frame::incomplete);
}
END_TEST

START_TEST(rows_that_are_none) {
  const std::string good = row_body({"12", "\1", ""});
  ck_assert(is_row(message_of('D', good), 3));
  ck_assert(!is_row(message_of('D', good), 2));
  ck_assert(!is_row(message_of('D', good), 4));
  for (std::size_t size = 0; size < good.size(); ++size)
    ck_assert(!is_row(message_of('D', good.substr(0, size)), 3));
  ck_assert(!is_row(message_of('D', good + "x"), 3));
  for (const uint32_t length : {3U, 1000000U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFEU}) {
    const std::string body = number(1, 2) + number(length, 4) + "12";
    ck_assert(!is_row(message_of('D', body), 1));
  }
  ck_assert(is_row(message_of('D', number(0, 2)), 0));
}
END_TEST

START_TEST(columns_that_are_none) {
  const std::string good = number(2, 2) + column("name", 20) + column("", 25);
  std::vector<uint32_t> types;
  ck_assert(read_columns(message_of('T', good), types));
  ck_assert(types == std::vector<uint32_t>({20, 25}));
  for (std::size_t size = 0; size < good.size(); ++size) {
    const std::string part = good.substr(0, size);
    ck_assert(!read_columns(message_of('T', part), types));
  }
  const std::string more = good + "x";
  ck_assert(!read_columns(message_of('T', more), types));
}
END_TEST

START_TEST(errors) {
  const auto field = [](const char* text) { return std::string(text) + '\0'; };
  const std::string good = field("SFEHLER") + field("VERROR") + field("C22012") + field("Mdivision by zero") +
                           field("Dsecret") + field("?unknown") + '\0';
  ErrorFields fields;
  ck_assert(read_error(message_of('E', good), fields));
  ck_text_eq(fields.severity, "ERROR");
  ck_text_eq(fields.sqlstate, "22012");
  ck_text_eq(fields.message, "division by zero");
  for (std::size_t size = 0; size < good.size(); ++size) {
    const std::string part = good.substr(0, size);
    ck_assert(!read_error(message_of('E', part), fields));
  }
  const std::string more = good + "x";
  ck_assert(!read_error(message_of('E', more), fields));
  const std::string old = field("SFATAL") + field("Mno") + '\0';
  ck_assert(read_error(message_of('E', old), fields));
  ck_text_eq(fields.severity, "FATAL");
  ck_text_eq(fields.sqlstate, "");
}
END_TEST

// Rows of an answer that is kept, then of many that are not.
START_TEST(memory_is_that_of_what_is_kept) {
  Inbox inbox;
  Message message;
  const std::string row = framed('D', row_body({std::string(1000, 'a')}));
  std::vector<uint64_t> places;
  for (int i = 0; i < 2000; ++i) {
    put(inbox, row);
    ck_assert(inbox.next(message) == Frame::whole);
    places.push_back(inbox.position_of(message.body));
    inbox.forget_before(places.front());
  }
  ck_assert_uint_lt(inbox.capacity(), 2 * 2000 * row.size() + 65536);
  for (const uint64_t place : places) ck_assert_uint_eq(read_cell(inbox.at(place), 0).size, 1000);
  inbox.forget_all();
  ck_assert_uint_eq(inbox.capacity(), 0);
  // As they come: each read ends within a message.
  std::string many;
  for (int i = 0; i < 5000; ++i) many += framed('D', row_body({std::to_string(i), std::string(97, 'b')}));
  std::size_t rows = 0;
  for (std::size_t at = 0; at < many.size(); at += 8192) {
    put(inbox, many.substr(at, 8192));
    while (inbox.next(message) == Frame::whole) {
      ck_assert(is_row(message, 2));
      ck_text_eq(text_of(read_cell(message.body, 0)), std::to_string(rows));
      ++rows;
    }
    inbox.forget_all();
    ck_assert_uint_le(inbox.capacity(), 65536);
  }
  ck_assert_uint_eq(rows, 5000);
  // One that is larger than the buffer, and the small one behind it.
  const std::string large = framed('D', row_body({std::string(5000000, 'c')}));
  put(inbox, large + row);
  ck_assert(inbox.next(message) == Frame::whole);
  ck_assert_uint_eq(read_cell(message.body, 0).size, 5000000);
  inbox.forget_all();
  ck_assert(inbox.next(message) == Frame::whole);
  ck_assert_uint_eq(read_cell(message.body, 0).size, 1000);
  inbox.forget_all();
  ck_assert_uint_eq(inbox.capacity(), 0);
  put(inbox, row);
  inbox.rest();  // not while something is there
  ck_assert(inbox.next(message) == Frame::whole);
}
END_TEST

START_TEST(the_end_of_rows_is_seen) {
  const std::string row = framed('D', row_body({"1"}));
  for (const std::size_t size : {row.size() * 3 + 13, row.size() * 3 + 12, row.size()}) {
    Inbox inbox;
    put(inbox, row + row + row + framed('C', "SELECT 3"));
    ck_assert(inbox.has_end_of_rows(size) == (size == row.size() * 3 + 13));
  }
  Inbox inbox;
  put(inbox, row + row);
  ck_assert(!inbox.has_end_of_rows(1000));
}
END_TEST

START_TEST(what_is_sent) {
  std::string out;
  write_parse(out, "tg_1", "select $1", {20, 25});
  ck_text_eq(out, framed('P', std::string("tg_1") + '\0' + "select $1" + '\0' + number(2, 2) + number(20, 4) +
                                  number(25, 4)));
  out.clear();
  const char* const values[] = {"12", nullptr, ""};
  write_run(out, "tg_1", values, 3);
  const std::string bind = std::string(1, '\0') + "tg_1" + '\0' + number(0, 2) + number(3, 2) + number(2, 4) +
                           "12" + number(UINT32_MAX, 4) + number(0, 4) + number(0, 2);
  const std::string run =
      framed('D', std::string("P") + '\0') + framed('E', std::string(1, '\0') + number(0, 4));
  ck_text_eq(out, framed('B', bind) + run);
  out.clear();
  write_run(out, "", nullptr, 0);
  ck_text_eq(out, framed('B', std::string(2, '\0') + number(0, 6)) + run);
  out.clear();
  write_sync(out);
  ck_text_eq(out, framed('S', ""));
}
END_TEST

}  // namespace

TABLEGATE_SUITE("pg_wire", messages_split_at_every_byte, lengths_that_no_server_sends, rows_that_are_none,
                columns_that_are_none, errors, memory_is_that_of_what_is_kept, the_end_of_rows_is_seen,
                what_is_sent);
