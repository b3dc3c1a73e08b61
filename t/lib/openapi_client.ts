// A client as a user would write it: openapi-typescript made `api.ts` from the gateway's document. Compiled by `tsc --strict`, run
// by openapi.t: node openapi_client.js URL KEY. Every @ts-expect-error must be one.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const [url, key] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

async function main(): Promise<void> {
  const found = await client.GET("/v1/user/info", { params: { query: { user_id: 10001 } } });
  if (found.error) throw new Error(found.error.errMsg);
  const name: string | null | undefined = found.data.data?.user_name;
  const success: true = found.data.success;

  const posted = await client.POST("/v1/user/find", { body: { user_id: 10002, nickname: "x" } });
  const rows: { user_id: number | null }[] = posted.data?.data ?? [];

  const refused = await client.GET("/v1/user/{id}", { params: { path: { id: 10001 } }, headers: { Authorization: "Bearer wrong" } });
  if (!refused.error) throw new Error("a wrong key was taken");
  const slug: string = refused.error.error;
  const failed: false = refused.error.success;

  const listed = await client.GET("/things/pages", { params: { query: { ids: [2, 7], pageSize: 5 } } });
  const walked: string[] = [];
  let total: number | undefined;
  let cursor: string | null | undefined;
  do {
    const page = await client.GET("/things/pages", { params: { query: cursor ? { cursor } : {} } });
    if (page.error) throw new Error(page.error.errMsg);
    const data = page.data.data;
    if (!data) throw new Error("there is no page");
    total ??= data.totalNum;
    walked.push(...data.rows.map((row) => String(row.id)));
    cursor = data.nextCursor;
  } while (cursor !== null);
  const page = await client.POST("/things/pages", { body: { ids: [2, 7], pageSize: 3 } });

  // @ts-expect-error: a list is an array
  await client.GET("/things/pages", { params: { query: { ids: "2" } } });
  // @ts-expect-error: the parameter is required
  const missing = await client.GET("/v1/user/info", {});
  // @ts-expect-error: it is a number
  await client.GET("/v1/user/info", { params: { query: { user_id: "ten" } } });
  // @ts-expect-error: there is no such path
  await client.GET("/v1/nothing", {});

  console.log(JSON.stringify({ name, success, rows, slug, failed, missing: missing.error?.error,
    listed: listed.data?.data?.rows.map((row) => String(row.id)), walked, total, posted: page.data?.data?.rows.length }));
}

main();
