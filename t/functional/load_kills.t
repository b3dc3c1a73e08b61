#!/usr/bin/env python3
"""A load that is killed (SIGKILL, Ctrl-C, its session in PostgreSQL ended, PostgreSQL crashed) at each of its steps: what served before
serves on, and the next load works and leaves no rubbish. The steps are held still from outside: a FIFO that gives no more rows, an event
trigger that waits at a DDL statement, a reader's lock, a row lock in the catalog."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import Held, kLoader, kSlow, run_test, users_definitions, wait_for
from tg_process import die_with_parent

kPause = 0.05  # between two looks by psql, which costs more than a look at a file

kLock = 4711
kStops = f"""
CREATE SCHEMA stops;
GRANT USAGE ON SCHEMA stops TO PUBLIC;
CREATE TABLE stops.point (tag text, step text);
CREATE FUNCTION stops.stop() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = 0 AS $$
BEGIN
    IF EXISTS (SELECT FROM stops.point WHERE tag = TG_TAG AND current_query() LIKE '%mirror_load.' || step || '%') THEN
        PERFORM pg_advisory_xact_lock_shared({kLock});
    END IF;
END $$;
CREATE EVENT TRIGGER stop ON ddl_command_start EXECUTE FUNCTION stops.stop();
"""
# (name, tag, function of mirror_load): where the event trigger waits
kSteps = [("the new table is made", "CREATE TABLE", "create_generation"), ("its key is built", "ALTER TABLE", "seal_generation"),
          ("an index is built", "CREATE INDEX", "seal_generation"), ("it is marked as finished", "COMMENT", "seal_generation"),
          ("the swap is half done", "ALTER TABLE", "swap_generation")]
kOurs = "application_name = 'tablegate' AND usename <> 'tablegate_reader'"


class Case:
    def __init__(self, t, p):
        self.t, self.p = t, p
        self.loads = 0

    # --- what there is
    def csv(self, name):
        self.loads += 1
        return f"user_id,user_name,age\n10001,{name}{self.loads},25\n10002,Bob,30\n"

    def served(self):
        return self.p.get("/v1/user/info?user_id=10001").json["data"]["user_name"]

    def waits(self):
        """The loader's session waits for our lock."""
        return self.p.postgres.psql(f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {kLock} AND NOT granted") == "1"

    def sql_runs(self, pattern, more="true"):
        return self.p.postgres.psql(f"SELECT count(*) FROM pg_stat_activity WHERE {kOurs} AND query LIKE '{pattern}' AND {more}") != "0"

    def start(self, path, *options):
        return subprocess.Popen([kLoader, "table", "load", "user_info", "--header", "--from", f"csv:{path}", *options], cwd="/", env=self.p.loader.env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=die_with_parent(signal.SIGKILL))

    # --- what ends a load
    def end(self, process, how):
        if how == "SIGKILL":
            process.kill()
        elif how == "Ctrl-C":
            process.send_signal(signal.SIGINT)
        else:
            self.p.postgres.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {kOurs}")
        out, err = process.communicate(timeout=30 * kSlow)
        return process.returncode, out, err

    def check(self, how, where, before, after, ended, release, wanted=None):
        t = self.t
        name = f"{how} while {where}"
        served = self.served()
        t.is_(served, after, f"{name}: {'the old' if after == before else 'the new'} generation serves")
        code, _, err = ended
        if wanted is None:
            wanted = {"SIGKILL": -signal.SIGKILL, "Ctrl-C": 130, "session ended": 3}[how]
        t.is_(code, wanted, f"{name}: exit status") or t.diag(err)
        if code == 130:
            t.like(err, "interrupted", f"{name}: says so")
        for item in release:
            item.release()
        wait_for(lambda: not self.sql_runs("%"), 20 * kSlow, "the dead loader's sessions are gone", kPause)
        t.is_(self.served(), after, f"{name}: and serves on once nothing holds it up")
        self.recover(name, after)

    def recover(self, name, serving):
        """The next load."""
        t, p = self.t, self.p
        p.load("user_info", self.csv("After"))
        t.is_(self.served(), f"After{self.loads}", f"{name}: the next load works")
        tables = p.postgres.psql("SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'mirror'::regnamespace AND relkind = 'r'"
                                 " AND relname NOT IN ('tablegate_tables', 'tablegate_change')")
        known = p.postgres.psql("SELECT string_agg(CASE status WHEN 'current' THEN 'user_info' ELSE 'user_info__g' || generation END, ' ' ORDER BY status)"
                                " FROM tablegate.generation WHERE status IN ('current', 'previous', 'loading')")
        t.is_(tables, known, f"{name}: and leaves what serves and what served before, nothing else")
        p.loader.must("table", "rollback", "user_info")
        t.is_(self.served(), serving, f"{name}: which a rollback brings back")
        p.loader.must("table", "rollback", "user_info")

    # --- the steps
    def copying(self, how):
        before = self.served()
        path = os.path.join(self.p.folder, f"fifo{self.loads}")
        os.mkfifo(path)
        fifo = os.open(path, os.O_RDWR)
        process = self.start(path)
        os.write(fifo, self.csv("Never").encode())
        wait_for(lambda: self.sql_runs("COPY %"), 20 * kSlow, "COPY runs", kPause)
        if how == "session ended":  # which it notices at the next rows
            self.p.postgres.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {kOurs}")
            os.write(fifo, b"10003,Eve,1\n")
            os.close(fifo)
            out, err = process.communicate(timeout=30 * kSlow)
            ended = (process.returncode, out, err)
        else:
            ended = self.end(process, how)
            os.close(fifo)
        self.check(how, "rows are copied", before, before, ended, [])

    def at_ddl(self, how, name, tag, step):
        before = self.served()
        self.p.postgres.psql(f"INSERT INTO stops.point VALUES ('{tag}', '{step}')")
        held = Held(self.p, f"SELECT pg_advisory_xact_lock({kLock})")
        process = self.start(self.p.file("new.csv", self.csv("Never")))
        wait_for(self.waits, 20 * kSlow, f"the load is at {tag}", kPause)
        self.p.postgres.psql("DELETE FROM stops.point")
        ended = self.end(process, how)
        if how == "SIGKILL" and tag == "CREATE INDEX":
            wait_for(lambda: not self.sql_runs("%"), 20 * kSlow, "PostgreSQL gives up an index that nobody waits for", kPause)
            self.t.ok(True, "PostgreSQL gives up an index whose loader is gone")
        self.check(how, name, before, before, ended, [held])

    def carrying_over(self, how):
        before = self.served()
        held = Held(self.p, "LOCK TABLE mirror.user_info IN ACCESS EXCLUSIVE MODE")
        process = self.start(self.p.file("new.csv", self.csv("Never")), "--merge")
        wait_for(lambda: self.sql_runs("%carry_over_other_keys%", "wait_event_type = 'Lock'"), 20 * kSlow, "rows are taken over", kPause)
        ended = self.end(process, how)
        held.release()
        self.check(how, "rows of the old one are taken over", before, before, ended, [])

    def before_swap(self, how):
        before = self.served()
        held = Held(self.p, "SELECT count(*) FROM mirror.user_info")
        process = self.start(self.p.file("new.csv", self.csv("Never")))
        wait_for(lambda: self.sql_runs("%swap_generation%"), 20 * kSlow, "it tries to swap", kPause)
        ended = self.end(process, how)
        self.check(how, "a reader holds up the swap", before, before, ended, [held])

    def after_swap(self, how):
        before = self.served()
        held = Held(self.p, "SELECT FROM tablegate.generation WHERE status = 'current' FOR UPDATE")
        process = self.start(self.p.file("new.csv", self.csv("Swapped")))
        wait_for(lambda: self.sql_runs("UPDATE tablegate.generation%", "wait_event_type = 'Lock'"), 20 * kSlow, "it tells the catalog", kPause)
        self.t.isnt(self.served(), before, "the new one serves already")
        ended = self.end(process, how)
        self.check(how, "the catalog records the swap", before, f"Swapped{self.loads}", ended, [held])

    def dropping(self, how):
        before = self.served()
        self.p.postgres.psql("INSERT INTO stops.point VALUES ('DROP TABLE', 'drop_generation')")
        held = Held(self.p, f"SELECT pg_advisory_xact_lock({kLock})")
        process = self.start(self.p.file("new.csv", self.csv("Done")))
        wait_for(self.waits, 20 * kSlow, "it drops what is old", kPause)
        self.p.postgres.psql("DELETE FROM stops.point")
        ended = self.end(process, how)
        # The load is complete by then, whatever becomes of the old table.
        self.check(how, "an old generation is dropped", before, f"Done{self.loads}", ended, [held], wanted=None if how == "SIGKILL" else 0)

    def crash(self):
        """PostgreSQL's own process of the load is killed: all of PostgreSQL recovers from that."""
        before = self.served()
        path = os.path.join(self.p.folder, "fifo-crash")
        os.mkfifo(path)
        fifo = os.open(path, os.O_RDWR)
        process = self.start(path)
        os.write(fifo, self.csv("Never").encode())
        wait_for(lambda: self.sql_runs("COPY %"), 20 * kSlow, "COPY runs", kPause)
        os.kill(int(self.p.postgres.psql(f"SELECT pid FROM pg_stat_activity WHERE {kOurs} AND query LIKE 'COPY %'")), signal.SIGKILL)
        os.write(fifo, b"10003,Eve,1\n")
        os.close(fifo)
        _, err = process.communicate(timeout=30 * kSlow)
        self.t.is_(process.returncode, 3, "PostgreSQL crashes under a load: exit 3") or self.t.diag(err)
        wait_for(lambda: self.p.postgres.psql("SELECT 1", check=False) == "1", 60 * kSlow, "PostgreSQL has recovered", kPause)
        wait_for(lambda: self.p.get("/v1/user/info?user_id=10001").status == 200, 60 * kSlow, "and answers are back", kPause)
        self.t.is_(self.served(), before, "the old generation serves again")
        self.recover("after a crash of PostgreSQL", before)


def test(t):
    p = t.project()
    objects = users_definitions()
    objects[4]["indexes"] = [["age"]]
    p.serve(objects)
    p.postgres.psql(kStops)
    # The tests' clusters do not wait for their WAL; the crash below would take the commits of the last moments with it, as it may there.
    p.postgres.psql("ALTER SYSTEM SET synchronous_commit = on")
    p.postgres.psql("SELECT pg_reload_conf()")
    case = Case(t, p)
    p.load("user_info", case.csv("First"))
    for how in ("SIGKILL", "Ctrl-C", "session ended"):
        case.copying(how)
        for name, tag, step in kSteps:
            case.at_ddl(how, name, tag, step)
        case.carrying_over(how)
        case.before_swap(how)
        case.after_swap(how)
        case.dropping(how)
    t.is_(p.postgres.psql("SELECT count(*) FROM tablegate.generation WHERE status = 'loading'"), "0", "no load is left that runs for the catalog only")
    case.crash()


run_test(test)
