"""Statements that last as long as a test requires: mirror.user_info becomes a view whose rows from 20000 on sleep."""
from tg_loader import kUsersCsv
from tg_process import wait_for
from tg_settings import kSlow

kSlowUsersCsv = kUsersCsv + "".join(f"{20000 + ms},Sleeper {ms},1\n" for ms in (300, 700, 1500, 3000, 8000, 60000))


def slow_users(project):
    """Afterwards user_id 20000 + N answers after N milliseconds (N as in kSlowUsersCsv)."""
    project.postgres.psql("""
        BEGIN;
        ALTER TABLE mirror.user_info RENAME TO user_info_rows;
        CREATE VIEW mirror.user_info AS SELECT * FROM mirror.user_info_rows
          WHERE user_id < 20000 OR pg_catalog.pg_sleep((user_id - 20000) / 1000.0) IS NOT NULL;
        ALTER VIEW mirror.user_info OWNER TO tablegate_owner;
        GRANT SELECT ON mirror.user_info TO tablegate_reader;
        COMMIT;""")
    return project


def serve_slow(project, objects=None, **parts):
    """Project.serve() with such a view."""
    return slow_users(project.serve(objects, {"user_info": kSlowUsersCsv}, **parts))


def sleeping(project):
    """How many of our sessions sleep in a statement now."""
    return int(project.postgres.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tablegate'"
                                     " AND state = 'active' AND wait_event = 'PgSleep'", database="postgres"))


def wait_sleeping(project, count):
    wait_for(lambda: sleeping(project) >= count, 10 * kSlow, f"{count} statements sleep")
