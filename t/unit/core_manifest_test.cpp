// core/manifest_reader: valid manifests, and the reasons for rejecting others.
#include "core/manifest/manifest_reader.hpp"

#include "core/route/router.hpp"
#include "core_manifest_testing.hpp"

using namespace tablegate::core;
using namespace tablegate::core::testing::faults;
using testing::api_line;
using testing::domain_line;

namespace {

std::string consumer_line(const std::string& name, const std::string& rest) {
  return R"({"kind":"consumer","name":")" + name + R"(",)" + rest + "}\n";
}

std::string api_key(const std::string& id, const std::string& key, const std::string& more = {}) {
  return R"({"id":")" + id + R"(","sha256":")" + testing::sha256_hex(key) + "\"" + more + "}";
}

START_TEST(a_good_manifest_is_read_whole) {
  const auto manifest = testing::good_manifest(
      R"({"kind":"domain","name":"a.example.com","protocol":"HTTPS","force_https":true})"
      "\n" +
      domain_line("*.example.com") +
      R"({"kind":"api","id":4294967295,"name":"Query \u4f60","workspace":"w","rest_api":"r","version":3,"method":"GET",)"
      R"("path":"/v1/{id}/x","domains":["a.example.com"],"service":"s","resource_group":"g","timeout_ms":90000,)"
      R"("max_records":1,"result":"object","point":true,"authentication":["api_key"],)"
      R"("api_key_source":{"in":"header","name":"X-API-Key"},"statement":["SELECT \"a\" FROM ",{"table":"t"},)"
      R"({"where":[" AND \"id\" = ",{"value":0},{"if":{"present":1},"then":[" AND o = ",{"value":1}]},)"
      R"(" AND d > ",{"value":2},)"
      R"({"choose":[{"when":{"present":3},"then":[" AND p = ",{"value":3}]}],"otherwise":[" AND p > d"]}]},)"
      R"({"trim":["ORDER BY 1,"],"prefix":"","suffix":"--","prefix_overrides":["x"],"suffix_overrides":[",","y"]}],)"
      R"("parameters":[{"name":"id","in":"path","type":"LONG","column_type":"int8","required":true},)"
      R"({"name":"o","in":"query","type":"STRING","column_type":"text","required":false},)"
      R"({"name":"d","in":"header","type":"DATETIME","column_type":"timestamptz","required":false,)"
      R"("default":"2025-01-01T00:00:00","time_zone":"Asia/Shanghai"},)"
      R"({"name":"p","in":"query","type":"DATE","column_type":"date","required":false}],)"
      R"("columns":[{"name":"a\"b","type":"numeric","as":"string"},{"name":"t","type":"timestamptz","wall":true}]})"
      "\n" +
      api_line("2", "POST", "/open", "[]", {{R"(["api_key"])", "[]"}}) +
      consumer_line("c1",
                    R"("enabled":true,"apis":[2,4294967295],"api_keys":[)" + api_key("k1", "one") + "," +
                        api_key("k2", "two", R"(,"not_before":-5,"expires":9223372036854775807)") + "]") +
      consumer_line("c2", R"("enabled":false,"apis":[],"api_keys":[])"));
  ck_text_eq(manifest->gateway, "g");
  ck_assert_uint_eq(manifest->publication, 7);
  ck_assert_uint_eq(manifest->domains.size(), 2);
  ck_assert(manifest->domains[0].https);
  ck_assert(manifest->domains[0].force_https);
  ck_assert(!manifest->domains[1].https);
  ck_assert_uint_eq(manifest->apis.size(), 2);
  const Api& api = manifest->apis[0];
  ck_assert_uint_eq(api.id, 4294967295U);
  ck_assert_uint_eq(api.index, 0);
  ck_text_eq(api.name, "Query \xE4\xBD\xA0");
  ck_assert(api.has_path_parameters);
  ck_assert_uint_eq(api.path_segments.size(), 3);
  ck_text_eq(api.path_segments[1], "{id}");
  ck_assert(api.result == ResultShape::object);
  ck_assert(api.point);
  ck_assert_uint_eq(api.timeout_ms, 90000);
  ck_assert_uint_eq(api.stream_timeout_ms, 60000);  // where the manifest does not say it
  ck_assert_uint_eq(api.max_records, 1);
  ck_assert(api.api_key_source.in == ApiKeySource::In::header);
  ck_text_eq(api.api_key_source.name, "X-API-Key");
  ck_assert_uint_eq(api.parameters.size(), 4);
  ck_assert(api.parameters[0].place == ParameterPlace::path);
  ck_assert(api.parameters[0].required && !api.parameters[1].required && !api.parameters[2].required);
  ck_text_eq(*api.parameters[2].default_value, "2025-01-01T00:00:00");
  ck_text_eq(api.parameters[2].time_zone, "Asia/Shanghai");
  ck_assert_uint_eq(api.program.decisions(), 2);
  const Statement first = api.program.statement({1, {}});
  ck_text_eq(first.sql,
             R"(SELECT "a" FROM "mirror"."t" WHERE "id" = $1 AND o = $2 AND d > $3 AND p > d ORDER BY 1 --)");
  ck_assert(first.types == (std::vector<uint32_t>{20, 25, 1184}));
  const Statement second = api.program.statement({2, {}});
  ck_text_eq(second.sql,
             R"(SELECT "a" FROM "mirror"."t" WHERE "id" = $1 AND d > $2 AND p = $3 ORDER BY 1 --)");
  ck_assert(second.types == (std::vector<uint32_t>{20, 1184, 1082}));
  ck_assert_uint_eq(manifest->tables.size(), 1);
  ck_text_eq(manifest->tables[api.tables.at(0)], "t");
  ck_text_eq(api.columns[0].key, R"("a\"b":)");
  ck_assert(api.columns[0].as_string);
  ck_assert(api.columns[1].wall);
  ck_assert_uint_eq(output_columns(api), 3);
  ck_assert(manifest->apis[1].authentication.open());
  ck_assert(manifest->apis[1].api_key_source.in == ApiKeySource::In::bearer);
  ck_assert_uint_eq(manifest->consumers.size(), 2);
  ck_assert(!manifest->consumers[1].enabled);
  ck_assert(manifest->authorized(0, manifest->apis[0]));
  ck_assert(manifest->authorized(0, manifest->apis[1]));
  ck_assert(!manifest->authorized(1, manifest->apis[0]));
  ck_assert_uint_eq(manifest->api_keys.size(), 2);
  ck_assert(manifest->api_keys[0].digest < manifest->api_keys[1].digest);
  ck_assert(manifest->router->find("a.example.com", "/v1/7/x", "GET").api == &api);
}
END_TEST

START_TEST(a_manifest_with_nothing_published_is_good) {
  const auto manifest = testing::good_manifest("");
  ck_assert(manifest->apis.empty());
  ck_assert_ptr_nonnull(manifest->router.get());
}
END_TEST

START_TEST(without_a_header_it_is_no_manifest) {
  ck_text_eq(testing::refusal_of(""), "is empty or has no header line");
  ck_text_eq(testing::refusal_of("{\"format\":2}"), "is empty or has no header line");
  ck_assert(testing::refusal_of("\n").find("line 1: is no manifest header") == 0);
  ck_assert(testing::refusal_of("hello\n").find("line 1: is no manifest header") == 0);
  for (const char* header :
       {"{}\n", "[1]\n", "[]\n", "{\"format\":\"1\"}\n", "{\"format\":2.0}\n", "{\"format\":null}\n"}) {
    ck_text_eq(testing::refusal_of(header), "line 1: has no format, so this is no manifest");
  }
}
END_TEST

START_TEST(a_newer_format_is_refused_by_number_whatever_else_it_has) {
  ck_text_eq(testing::refusal_of("{\"format\":3,\"new\":true}\n"),
             "line 1: has format 3, this program reads format 2");
  ck_text_eq(testing::refusal_of("{\"format\":0}\n"), "line 1: has format 0, this program reads format 2");
}
END_TEST

START_TEST(the_header_is_complete_and_has_nothing_else) {
  ck_text_eq(testing::refusal_of("{\"format\":2}\n"), "line 1: /gateway: is missing");
  ck_text_eq(testing::refusal_of(R"({"format":2,"gateway":"g","publication":-1,"sha256":""})"
                                 "\n"),
             "line 1: /publication: is out of range");
  ck_text_eq(testing::refusal_of(R"({"format":2,"gateway":7,"publication":1,"sha256":""})"
                                 "\n"),
             "line 1: /gateway: must be a string");
  ck_text_eq(testing::refusal_of(R"({"format":2,"gateway":"g","publication":1,"sha256":"","x/y~z":1})"
                                 "\n"),
             "line 1: /x~1y~0z: is not known");
  ck_assert(testing::refusal_of("{\"format\":2,\"format\":2}\n").find("line 1: is no manifest header") == 0);
}
END_TEST

START_TEST(every_single_changed_or_lost_byte_is_found) {
  const std::string good = testing::manifest_text(domain_line("a") + api_line("1", "GET", "/x"));
  ck_text_eq(testing::refusal_of(good), "accepted");
  const size_t body = good.find('\n') + 1;
  constexpr const char* kDamaged =
      "is damaged or was edited: its bytes do not have the SHA-256 of the header";
  for (size_t i = body; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    ck_text_eq(testing::refusal_of(bad), kDamaged);
    ck_text_eq(testing::refusal_of(good.substr(0, i)), kDamaged);
  }
  ck_text_eq(testing::refusal_of(good + " "), kDamaged);
  ck_text_eq(testing::refusal_of(good + "\n"), kDamaged);
  for (size_t i = 0; i < body; ++i) ck_assert(testing::refusal_of(good.substr(0, i)) != "accepted");
}
END_TEST

START_TEST(an_upper_case_or_short_digest_is_refused) {
  std::string text = testing::manifest_text("");
  const size_t at = text.find("e3b0c4");
  ck_assert(at != std::string::npos);
  text.replace(at, 6, "E3B0C4");
  ck_assert(testing::refusal_of(text) != "accepted");
}
END_TEST

START_TEST(a_torn_line_is_refused_by_number) {
  ck_text_eq(refused("{\"kind\":\"domain\""), "line 2: does not end");
  ck_text_eq(refused(domain_line("a") + "{}"), "line 3: does not end");
  ck_assert(refused(domain_line("a") + "{\"kind\":\n").find("line 3: ") == 0);
  ck_assert(refused("\n").find("line 2: ") == 0);
  ck_assert(refused(domain_line("a") + "{} {}\n").find("line 3: ") == 0);
}
END_TEST

START_TEST(a_line_is_an_object_of_a_known_kind) {
  ck_text_eq(refused("[]\n"), "line 2: must be an object");
  ck_text_eq(refused("{}\n"), "line 2: /kind: is missing");
  ck_text_eq(refused("{\"kind\":\"banana\"}\n"), "line 2: /kind: is unknown");
  ck_text_eq(refused("{\"kind\":1}\n"), "line 2: /kind: must be a string");
  ck_assert(refused("{\"kind\":\"domain\",\"kind\":\"domain\"}\n").find("line 2: duplicate") == 0);
}
END_TEST

START_TEST(fields_that_nobody_knows_are_refused_with_their_pointer) {
  ck_text_eq(refused_api(R"("parameters":[])", R"("parameters":[],"color":1)"),
             "line 2: /color: is not known");
  ck_text_eq(refused_api(R"("type":"int4")", R"("type":"int4","color":1)"),
             "line 2: /columns/0/color: is not known");
  ck_text_eq(refused_parameter(R"("required":true)", R"("required":true,"color":1)"),
             "line 2: /parameters/0/color: is not known");
  ck_text_eq(refused_api(R"("parameters":[])",
                         R"("parameters":[],"api_key_source":{"in":"query","name":"k","x":1})"),
             "line 2: /api_key_source/x: is not known");
}
END_TEST

START_TEST(fields_that_are_missing_are_refused_with_their_pointer) {
  ck_text_eq(refused_api(R"("service":"default",)", ""), "line 2: /service: is missing");
  ck_text_eq(refused_api(R"("columns":[{"name":"a","type":"int4"}])", R"("columns":[{"type":"int4"}])"),
             "line 2: /columns/0/name: is missing");
  ck_text_eq(refused_parameter(R"("in":"query",)", ""), "line 2: /parameters/0/in: is missing");
}
END_TEST

START_TEST(wrong_types_are_refused_with_their_pointer) {
  ck_text_eq(refused_api(R"("id":1)", R"("id":"1")"), "line 2: /id: must be a whole number");
  ck_text_eq(refused_api(R"("id":1)", R"("id":1.0)"), "line 2: /id: must be a whole number");
  ck_text_eq(refused_api(R"("name":"api 1")", R"("name":null)"), "line 2: /name: must be a string");
  ck_text_eq(refused_api(R"("point":false)", R"("point":0)"), "line 2: /point: must be true or false");
  ck_text_eq(refused_api(R"("domains":[])", R"("domains":{})"), "line 2: /domains: must be a list");
  ck_text_eq(refused_api(R"("domains":[])", R"("domains":[1])"),
             "line 2: /domains: must be a list of strings");
  ck_text_eq(refused_api(R"("columns":[)", R"("columns":[7,)"), "line 2: /columns/0: must be an object");
  ck_text_eq(refused_api(R"("parameters":[])", R"("parameters":[],"api_key_source":[])"),
             "line 2: /api_key_source: must be an object");
  ck_text_eq(
      testing::refusal_of_credentials(consumer_line("c", R"("enabled":true,"apis":["1"],"api_keys":[])")),
      "line 2: /apis: must be a list of whole numbers");
}
END_TEST

START_TEST(values_out_of_range_are_refused) {
  ck_text_eq(refused_api(R"("id":1)", R"("id":0)"), "line 2: /id: is out of range");
  ck_text_eq(refused_api(R"("id":1)", R"("id":4294967296)"), "line 2: /id: is out of range");
  ck_text_eq(refused_api(R"("timeout_ms":3000)", R"("timeout_ms":0)"),
             "line 2: /timeout_ms: is out of range");
  ck_text_eq(refused_api(R"("timeout_ms":3000)", R"("timeout_ms":90001)"),
             "line 2: /timeout_ms: is out of range");
  ck_text_eq(refused_api(R"("timeout_ms":3000)", R"("timeout_ms":3000,"stream_timeout_ms":90001)"),
             "line 2: /stream_timeout_ms: is out of range");
  ck_text_eq(refused_api(R"("max_records":2000)", R"("max_records":0)"),
             "line 2: /max_records: is out of range");
  ck_text_eq(refused_api(R"("max_records":2000)", R"("max_records":10001)"),
             "line 2: /max_records: is out of range");
  ck_assert(refused_api(R"("id":1)", R"("id":99999999999999999999)").find("line 2: ") == 0);
}
END_TEST

START_TEST(words_that_are_not_known_are_refused) {
  ck_text_eq(refused_api(R"("method":"GET")", R"("method":"PUT")"), "line 2: /method: must be GET or POST");
  ck_text_eq(refused_api(R"("result":"list")", R"("result":"table")"),
             "line 2: /result: has a value that is not known");
  ck_text_eq(refused_api(R"(["api_key"])", R"(["password"])"),
             "line 2: /authentication: has a type that this module does not know");
  ck_text_eq(refused_api(R"("type":"int4")", R"("type":"int9")"),
             "line 2: /columns/0/type: is no column type");
  ck_text_eq(refused_api(R"("type":"int4")", R"("type":"int4","as":"text")"),
             "line 2: /columns/0/as: has a value that is not known");
  ck_text_eq(refused_parameter("LONG", "BIGINT"), "line 2: /parameters/0/type: is no parameter type");
  ck_text_eq(refused_parameter(R"("column_type":"int8")", R"("column_type":"x")"),
             "line 2: /parameters/0/column_type: is no column type");
  ck_text_eq(refused_parameter("query", "cookie"), "line 2: /parameters/0/in: has a value that is not known");
  ck_text_eq(refused(R"({"kind":"domain","name":"a","protocol":"SPDY","force_https":false})"
                     "\n"),
             "line 2: /protocol: has a value that is not known");
}
END_TEST

START_TEST(apis_that_make_no_sense_are_refused) {
  ck_text_eq(refused_api(R"("path":"/x")", R"("path":"")"), "line 2: /path: must start with /");
  ck_text_eq(refused_api(R"("path":"/x")", R"("path":"x")"), "line 2: /path: must start with /");
  std::string deep;
  for (int i = 0; i < 101; ++i) deep += "/x";
  ck_text_eq(refused_api(R"("path":"/x")", R"("path":")" + deep + "\""),
             "line 2: /path: has too many segments");
  ck_text_eq(refused_api(R"([{"name":"a","type":"int4"}])", "[]"), "line 2: /columns: must not be empty");
  ck_text_eq(refused_parameter("LONG", "STRING"), "line 2: /parameters/0/type: does not go with column_type");
}
END_TEST

START_TEST(what_is_given_twice_is_refused) {
  ck_text_eq(refused(domain_line("a") + domain_line("a")), "line 3: /name: is given twice");
  ck_text_eq(refused(api_line("1", "GET", "/x") + api_line("1", "GET", "/y")), "line 3: /id: is given twice");
  const std::string consumer = consumer_line("c", R"("enabled":true,"apis":[],"api_keys":[])");
  ck_text_eq(testing::refusal_of_credentials(consumer + consumer), "line 3: /name: is given twice");
  ck_assert(refused(api_line("1", "GET", "/x") + api_line("2", "GET", "/x")).find("same method and path") !=
            std::string::npos);
  const std::string reason = testing::refusal_of_credentials(
      consumer_line("c", R"("enabled":true,"apis":[],"api_keys":[)" + api_key("k1", "same") + "]") +
      consumer_line("d", R"("enabled":true,"apis":[],"api_keys":[)" + api_key("k2", "same") + "]"));
  ck_assert_msg(reason.find("API keys k") == 0 && reason.find("are the same") != std::string::npos, "%s",
                reason.c_str());
}
END_TEST

// Keys change alone: authorizations may be for an API that this manifest does not have yet, or no more.
START_TEST(an_authorization_for_an_api_that_is_not_there_gives_nothing) {
  const auto manifest = testing::good_manifest(
      api_line("1", "GET", "/x") + consumer_line("c", R"("enabled":true,"apis":[5,1,-1],"api_keys":[])"));
  ck_assert_uint_eq(manifest->consumers[0].apis.size(), 1);
  ck_assert(manifest->authorized(0, manifest->apis[0]));
}
END_TEST

START_TEST(credentials_are_those_of_the_manifest) {
  const std::string body = api_line("1", "GET", "/x");
  const std::string consumer = consumer_line("c", R"("enabled":true,"apis":[1],"api_keys":[])");
  const auto said = [](const std::string& manifest, const std::string& credentials) {
    const auto read = read_manifest(manifest, credentials);
    return read ? std::string("accepted") : read.error().text();
  };
  const std::string good = testing::credentials_text(consumer, body);
  const std::string manifest = testing::manifest_text(body);
  ck_text_eq(said(manifest, good), "accepted");
  ck_assert_uint_eq((*read_manifest(manifest, good))->credentials_sha256.size(), 64);
  ck_text_eq(said(testing::manifest_text(api_line("1", "GET", "/y")), good),
             "credentials.json: line 1: was not written for this manifest");
  const auto changed = [&good](const std::string& from, const std::string& to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  ck_text_eq(said(manifest, changed("\"gateway\":\"g\"", "\"gateway\":\"h\"")),
             "credentials.json: line 1: is of gateway \"h\", the manifest is of gateway \"g\"");
  ck_text_eq(said(manifest, changed("\"manifests\":[\"", "\"manifests\":[\"x\",\"")), "accepted");
  ck_text_eq(said(manifest, changed("\"format\":1", "\"format\":2")),
             "credentials.json: line 1: has format 2, this program reads format 1");
  ck_text_eq(said(manifest, changed("\"enabled\":true", "\"enabled\":false")),
             "credentials.json: is damaged or was edited: its bytes do not have the SHA-256 of the header");
  for (size_t size = 0; size < good.size(); ++size)
    ck_assert(said(manifest, good.substr(0, size)) != "accepted");
  ck_text_eq(said(manifest, ""), "credentials.json: is empty or has no header line");
  ck_text_eq(said(manifest, manifest).substr(0, 40), "credentials.json: line 1: has format 2, ");
  ck_text_eq(said(testing::manifest_text(body + consumer), good), "line 3: /kind: is unknown");
  ck_assert(read_manifest(manifest).operator bool());
  ck_assert((*read_manifest(manifest))->consumers.empty());
}
END_TEST

START_TEST(documents_of_hosts_are_read_and_found) {
  const auto document = [](const std::string& domains, const std::string& members) {
    return R"({"kind":"openapi","domains":)" + domains + "," + members + "}\n";
  };
  const auto place = [](const std::string& offset, const std::string& length, char digit = 'a') {
    return R"("file":"f","offset":)" + offset + R"(,"length":)" + length + R"(,"sha256":")" +
           std::string(64, digit) + '"';
  };
  const std::string domains = domain_line("a") + domain_line("b") + domain_line("c");
  const auto manifest = testing::good_manifest(domains + document(R"(["a","b"])", place("0", "7")) +
                                               document("[]", place("8", "5000000000", 'b')));
  ck_assert_uint_eq(manifest->documents.size(), 2);
  ck_text_eq(manifest->documents_file, "f");
  ck_assert_uint_eq(manifest->find_document(&manifest->domains[0])->length, 7);
  ck_assert(manifest->find_document(&manifest->domains[0]) == manifest->find_document(&manifest->domains[1]));
  ck_assert_uint_eq(manifest->find_document(&manifest->domains[2])->offset, 8);
  ck_assert_uint_eq(manifest->find_document(nullptr)->length, 5000000000);
  ck_text_eq(manifest->documents[0].etag, '"' + std::string(32, 'a') + '"');
  ck_assert(testing::good_manifest(domains)->find_document(nullptr) == nullptr);
  ck_text_eq(refused(domains + document(R"(["d"])", place("0", "2"))),
             "line 5: /domains: names a domain that the manifest does not have");
  ck_text_eq(refused(domains + document(R"(["a","a"])", place("0", "2"))),
             "line 5: /domains: has a domain that another document has");
  ck_text_eq(refused(domains + document("[]", place("0", "2")) + document("[]", place("0", "2"))),
             "line 6: /domains: is empty in another document too");
  ck_text_eq(refused(document("[]", place("-1", "2"))), "line 2: /offset: is out of range");
  ck_text_eq(refused(document("[]", place("0", "1"))), "line 2: /length: is out of range");
  ck_text_eq(refused(document("[]", place("0", "9223372036854775807"))), "line 2: /length: is out of range");
  ck_text_eq(refused(document("[]", place("0", "2", 'g'))), "line 2: /sha256: must be 64 hexadecimal digits");
  for (const char* const name : {"", "../f", "a/b", "/f", ".f"}) {
    std::string other = place("0", "2");
    other.replace(8, 1, name);
    ck_text_eq(refused(document("[]", other)),
               "line 2: /file: must be the name of a file beside the manifest");
  }
  std::string other = place("0", "2");
  other.replace(8, 1, "g");
  ck_text_eq(refused(domains + document("[]", place("0", "2")) + document(R"(["a"])", other)),
             "line 6: /file: is not that of the other documents");
  ck_text_eq(refused("{\"kind\":\"openapi\",\"domains\":[]}\n"), "line 2: /file: is missing");
}
END_TEST

START_TEST(key_digests_are_64_lower_case_hexadecimal_digits) {
  for (const std::string& digest : {std::string(), std::string(63, 'a'), std::string(65, 'a'),
                                    std::string(64, 'g'), std::string(64, 'A')}) {
    ck_text_eq(testing::refusal_of_credentials(consumer_line(
                   "c", R"("enabled":true,"apis":[],"api_keys":[{"id":"k","sha256":")" + digest + "\"}]")),
               "line 2: /api_keys/0/sha256: must be 64 hexadecimal digits");
  }
}
END_TEST

const std::string kHmacRule =
    R"("authentication":["hmac"],"hmac":{"methods":["HmacSHA1"],"require_nonce":true,"require_content_md5":false})";

std::string hmac_key(const std::string& id, const std::string& access_key,
                     const std::string& profile = "classic") {
  return R"({"id":")" + id + R"(","access_key":")" + access_key + R"(","secret":"s","profile":")" + profile +
         "\"}";
}

START_TEST(hmac_rules_and_keys_are_read) {
  const auto manifest = testing::good_manifest(
      api_line("1", "POST", "/x", "[]", {{R"("authentication":["api_key"])", kHmacRule}}) +
      consumer_line("c", R"("enabled":true,"apis":[1],"api_keys":[],"hmac_keys":[)" +
                             hmac_key("h1", "zebra") + "," + hmac_key("h2", "ant", "raw-query") + "]"));
  const Api& api = manifest->apis[0];
  ck_assert(api.authentication.hmac && !api.authentication.api_key && !api.authentication.jwt);
  ck_assert(api.hmac.sha1 && !api.hmac.sha256 && api.hmac.require_nonce && !api.hmac.require_content_md5);
  ck_assert_uint_eq(manifest->hmac_keys.size(), 2);
  const HmacKey* key = manifest->find_hmac_key("ant");
  ck_assert_ptr_nonnull(key);
  ck_text_eq(key->id, "h2");
  ck_text_eq(std::string(key->secret.view()), "s");
  ck_assert(key->profile == HmacProfile::raw_query);
  ck_assert_ptr_null(manifest->find_hmac_key("an"));
  ck_assert_ptr_null(manifest->find_hmac_key("zebrb"));
}
END_TEST

START_TEST(hmac_rules_and_keys_that_make_no_sense_are_refused) {
  const auto rule = [](const std::string& from, const std::string& to) {
    std::string changed = kHmacRule;
    changed.replace(changed.find(from), from.size(), to);
    return refused_api(R"("authentication":["api_key"])", changed);
  };
  ck_text_eq(rule(R"(["hmac"])", R"(["api_key"])"), "line 2: /hmac: requires hmac in authentication");
  ck_text_eq(refused_api(R"(["api_key"])", R"(["hmac"])"), "line 2: /hmac: is missing");
  ck_text_eq(rule(R"(["HmacSHA1"])", "[]"), "line 2: /hmac/methods: must not be empty");
  ck_text_eq(rule("HmacSHA1", "HmacMD5"),
             "line 2: /hmac/methods: has a method that this module does not know");
  ck_text_eq(rule(R"("require_nonce":true,)", ""), "line 2: /hmac/require_nonce: is missing");
  const auto keys = [](const std::string& list) {
    return testing::refusal_of_credentials(
        consumer_line("c", R"("enabled":true,"apis":[],"api_keys":[],"hmac_keys":[)" + list + "]"));
  };
  ck_text_eq(keys(hmac_key("h1", "")), "line 2: /hmac_keys/0/access_key: must not be empty");
  ck_text_eq(keys(hmac_key("h1", "a", "other")),
             "line 2: /hmac_keys/0/profile: has a value that is not known");
  ck_text_eq(keys(hmac_key("h1", "a") + "," + hmac_key("h2", "a")), "access keys of h1 and h2 are the same");
}
END_TEST

START_TEST(body_parameters_stand_with_post_only) {
  std::string parameter = kParameter;
  parameter.replace(parameter.find("query"), 5, "body");
  const std::string list = "\"parameters\":[" + parameter + "]";
  const auto manifest = testing::good_manifest(
      api_line("1", "POST", "/x", "[]", {{R"("parameters":[])", list}}) + api_line("2", "POST", "/y"));
  ck_assert(manifest->apis[0].reads_body && !manifest->apis[1].reads_body);
  ck_text_eq(refused_parameter("query", "body"), "line 2: /parameters/0/in: may be body with POST only");
}
END_TEST

START_TEST(bad_utf8_and_nul_in_texts_are_refused) {
  ck_assert(refused_api("api 1", "\xff").find("line 2: ") == 0);
  ck_assert(refused_api("api 1", "a\\u0000b").find("line 2: ") == 0);
  ck_assert(refused_api("api 1", "\\ud800").find("line 2: ") == 0);
}
END_TEST

}  // namespace

TABLEGATE_SUITE("core_manifest", a_good_manifest_is_read_whole, a_manifest_with_nothing_published_is_good,
                without_a_header_it_is_no_manifest, a_newer_format_is_refused_by_number_whatever_else_it_has,
                the_header_is_complete_and_has_nothing_else, every_single_changed_or_lost_byte_is_found,
                an_upper_case_or_short_digest_is_refused, a_torn_line_is_refused_by_number,
                a_line_is_an_object_of_a_known_kind, fields_that_nobody_knows_are_refused_with_their_pointer,
                fields_that_are_missing_are_refused_with_their_pointer,
                wrong_types_are_refused_with_their_pointer, values_out_of_range_are_refused,
                words_that_are_not_known_are_refused, apis_that_make_no_sense_are_refused,
                what_is_given_twice_is_refused, an_authorization_for_an_api_that_is_not_there_gives_nothing,
                credentials_are_those_of_the_manifest, documents_of_hosts_are_read_and_found,
                key_digests_are_64_lower_case_hexadecimal_digits, hmac_rules_and_keys_are_read,
                hmac_rules_and_keys_that_make_no_sense_are_refused, body_parameters_stand_with_post_only,
                bad_utf8_and_nul_in_texts_are_refused);
