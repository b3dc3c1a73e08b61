// Requests to MaxCompute: what is signed and how (with results of the vendor's
// clients), the access rules of credentials files, the service's errors.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "base/refusal.hpp"
#include "source/maxcompute/maxcompute_credentials.hpp"
#include "source/maxcompute/maxcompute_error.hpp"
#include "source/maxcompute/maxcompute_signer.hpp"

#include "loader_testing.hpp"  // last: see there

using namespace tablegate::loader;
using tablegate::loader::testing::same_text;

namespace {

const MaxComputeCredentials kCredentials{"myak", "mysk", ""};

MaxComputeRequest download() {
  return {"GET",
          "/projects/p/tables/user_info",
          {{"data", ""},
           {"downloadid", "dl1"},
           {"rowrange", "(0,3)"},
           {"columns", "user_id,user_name"},
           {"curr_project", "p"}},
          {{"x-odps-user-agent", "t/1"},
           {"date", "Mon, 01 Jan 2024 00:00:00 GMT"},
           {"x-odps-tunnel-version", "6"}}};
}

START_TEST(what_is_signed) {
  same_text(text_to_sign(download()),
            "GET\n\n\nMon, 01 Jan 2024 00:00:00 GMT\nx-odps-tunnel-version:6\nx-odps-user-agent:t/1\n"
            "/projects/p/tables/"
            "user_info?columns=user_id,user_name&curr_project=p&data&downloadid=dl1&rowrange=(0,3)");
  MaxComputeRequest post{"POST",
                         "/projects/p/instances",
                         {{"X-Odps-Extra", "1"}},
                         {{"content-type", "application/xml"}, {"content-md5", "m"}, {"date", "d"}}};
  same_text(text_to_sign(post),
            "POST\nm\napplication/xml\nd\nx-odps-extra:1\n/projects/p/instances?X-Odps-Extra=1");
}
END_TEST

START_TEST(signatures) {
  same_text(sign_v2(kCredentials, text_to_sign(download())), "ODPS myak:46gMi+cYDoQ5zHlRUYlnmMrVgmA=");
  same_text(sign_v4(kCredentials, text_to_sign(download()), "20240101", "cn-shanghai"),
            "ODPS myak/20240101/cn-shanghai/odps/aliyun_v4_request:CdAz0bbRFjSPACY2+IugbwXo8+A=");
  MaxComputeRequest partition = download();
  partition.query.emplace_back("partition", "ds=20240101,hh=a b");
  same_text(sign_v2(kCredentials, text_to_sign(partition)), "ODPS myak:7V/7jklQcACP4fC919vUfr4pp7M=");
  partition.query.back().second = "ds=a+b";
  same_text(sign_v2(kCredentials, text_to_sign(partition)), "ODPS myak:Q2dbxMrWFqWzIm7mCw60t/H79U4=");
  same_text(sign_v2({"a", "my-secret-key", ""}, "testdata"), "ODPS a:iAcVTeAghMtN74BeKwFTj/pgFEA=");
}
END_TEST

std::string refusal_of(const std::string& text) {
  try {
    parse_credentials(text, "FILE");
  } catch (const Refused& refused) {
    return refused.what();
  }
  return "(accepted)";
}

START_TEST(credentials_of_a_file) {
  const MaxComputeCredentials read = parse_credentials(
      "# odpscmd\n[default]\nproject_name=p\r\naccess_id = id "
      "\r\naccess_key=k=y==\nend_point=http://x\nsts_token=t\n",
      "FILE");
  same_text(read.access_id, "id");
  same_text(read.access_key, "k=y==");
  same_text(read.security_token, "t");
  ck_assert(refusal_of("access_id=id\n").find("does not set access_id and access_key") != std::string::npos);
  const std::string bad = refusal_of("access_id=id\naccess_key=se cret");
  ck_assert(bad.find("holds a blank") == std::string::npos && bad.find("hold a blank") != std::string::npos);
  ck_assert(bad.find("se cret") == std::string::npos);
}
END_TEST

START_TEST(credentials_others_can_read) {
  char path[] = "/tmp/tablegate-credentials-XXXXXX";
  ::close(mkstemp(path));
  std::ofstream(path) << "access_id=id\naccess_key=secret\n";
  same_text(read_credentials(path).access_key, "secret");
  for (const mode_t mode : {0640U, 0604U, 0644U, 0660U}) {
    chmod(path, mode);
    try {
      read_credentials(path);
      ck_abort_msg("mode %o was accepted", mode);
    } catch (const Refused& refused) {
      ck_assert(std::string(refused.what()).find("can be read by others") != std::string::npos);
      same_text(refused.next().before(), std::string("chmod 600 ") + path);
    }
  }
  ::unlink(path);
}
END_TEST

START_TEST(credentials_of_the_environment) {
  setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "id", 1);
  unsetenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
  bool refused = false;
  try {
    read_credentials("");
  } catch (const Refused&) {
    refused = true;
  }
  ck_assert(refused);
  setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret", 1);
  setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "token", 1);
  ck_assert(read_credentials("") == (MaxComputeCredentials{"id", "secret", "token"}));
}
END_TEST

START_TEST(errors_of_the_service) {
  const ServiceFault json = read_service_fault(
      R"({"Code":"NoSuchTable","Message":"m","RequestId":"r","HostId":"h","HoldClientMillis":"500"})");
  same_text(json.code, "NoSuchTable");
  same_text(json.message, "m");
  same_text(json.request_id, "r");
  ck_assert_int_eq(json.hold, 500);
  ck_assert_int_eq(read_service_fault(R"({"HoldClientMillis":"99999999"})").hold, 10000);
  const ServiceFault xml = read_service_fault(
      "<?xml version=\"1.0\"?><Error><Code>NoSuchObject</Code><Message>a "
      "&lt;b&gt;</Message><RequestId>r</RequestId></Error>");
  same_text(xml.code, "NoSuchObject");
  same_text(xml.message, "a <b>");
  for (const char* text : {"", "<html>502</html>", "{", "[]", "\xff", "<Error>"})
    same_text(read_service_fault(text).code, "");
}
END_TEST

}  // namespace

TABLEGATE_SUITE("loader_maxcompute", what_is_signed, signatures, credentials_of_a_file,
                credentials_others_can_read, credentials_of_the_environment, errors_of_the_service);
