"""A project whose tables come from the stand-in for MaxCompute (tg_maxcompute.py)."""
import os

from tg_loader import users_definitions
from tg_maxcompute import MaxCompute

kUsers = [(10001, "Alice", 25), (10002, "Bob", 30)]
kUserColumns = "user_id:bigint,user_name:string,age:bigint"


def source(service, **fields):
    """The DataSource of it."""
    return {"kind": "DataSource", "name": "odps_demo", "type": "maxcompute", "endpoint": service.endpoint, "project": service.project, **fields}


def table(name, ddl, **fields):
    return {"kind": "Table", "name": name, "data_source": "odps_demo", "ddl": ddl, **fields}


def definitions(service, *tables, **fields):
    """The tutorial's definitions over it, and more tables."""
    objects = users_definitions()
    objects[3] = source(service, **fields)
    return objects + list(tables)


def environment(service, **more):
    """Of a loader: credentials, pauses of milliseconds, no proxy between."""
    return {"ALIBABA_CLOUD_ACCESS_KEY_ID": service.access[0], "ALIBABA_CLOUD_ACCESS_KEY_SECRET": service.access[1], "no_proxy": "127.0.0.1",
            "TABLEGATE_MAXCOMPUTE_RETRY_MS": "20", **more}


def project(t, service=None, *tables, **fields):
    """(project, service): init and apply are done, user_info is there with the tutorial's rows."""
    service = service or MaxCompute()
    service.start()
    if "user_info" not in service.tables:
        service.table("user_info", kUserColumns, kUsers)
    p = t.project()
    p.loader.env.update(environment(service))
    for name in ("http_proxy", "HTTP_PROXY", "ALIBABA_CLOUD_SECURITY_TOKEN"):
        p.loader.env.pop(name, None)
    p.secrets.append(service.access[1])
    p.init()
    p.apply(definitions(service, *tables, **fields))
    return p, service


def rows(p, name, order="1"):
    """The mirror's rows as JSON texts."""
    text = p.postgres.psql(f"SET timezone = 'UTC'; SELECT row_to_json(whole_row)::text FROM mirror.{name} whole_row ORDER BY {order}")
    return [line for line in text.splitlines() if line.startswith("{")]


def credentials_file(p, access, name="odps_config.ini", mode=0o600, token=""):
    path = p.file(name, f"# odpscmd\nproject_name=demo\naccess_id={access[0]}\naccess_key={access[1]}\nend_point=http://elsewhere/api\n"
                  + (f"sts_token={token}\n" if token else ""))
    os.chmod(path, mode)
    return path
