#!/usr/bin/env python3
"""Approval of versions with real users: who may do what, never one's own submission, and manual SQL that tries to bypass it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from tablegate_test import kUsersCsv, run_test, users_definitions

kApi = "Query User by User ID"
kPeople = {"dora": ("tablegate_developer",), "dan": ("tablegate_developer",), "anna": ("tablegate_approver",),
           "betty": ("tablegate_developer", "tablegate_approver"), "olga": ("tablegate_operator",), "boss": ("tablegate_owner", "tablegate_developer", "tablegate_approver")}


class People:
    def __init__(self, t, p):
        self.t, self.p = t, p

    def __call__(self, who, *arguments):
        return self.p.loader(*arguments, env={"TABLEGATE_CATALOG": self.p.postgres.dsn(who)})

    def can(self, who, status, *arguments):
        result = self(who, *arguments, "-o", "json")
        self.t.ok(result.rc == 0 and result.json["status"] == status, f"{who}: {' '.join(arguments[:2])} -> {status}", result)

    def cannot(self, who, word, *arguments):
        result = self(who, *arguments)
        self.t.ok(result.rc == 1 and word in result.stderr, f"{who} cannot: {' '.join(arguments[:2])} ({word})", result)

    def sql_fails(self, who, sql, word=""):
        try:
            self.p.postgres.psql(sql, user=who)
        except RuntimeError as error:
            return self.t.ok(word in str(error), f"{who}: {sql[:110]}", error)
        return self.t.ok(False, f"{who} must not: {sql}")


def draft(p, people, **change):
    p.apply([users_definitions(**change)[-1]])
    people("dora", "api", "test", kApi)


def status(p):
    return [(one["version"], one["status"]) for one in p.loader.json("api", "versions", kApi)]


def life(t, p, people):
    people.can("dora", "Pending for Application", "api", "commit", kApi)
    people.cannot("olga", "not Publishable", "api", "publish", kApi)
    people.cannot("anna", "Pending for Application", "api", "approve", kApi)
    people.cannot("olga", "permission denied", "api", "submit", kApi)
    people.cannot("anna", "permission denied", "api", "submit", kApi)
    t.is_(len(p.loader.json("api", "list", "--pending")), 1, "list --pending")
    people.can("dora", "Pending for Approval", "api", "submit", kApi, "-m", "please")
    people.cannot("dan", "Pending for Approval", "api", "submit", kApi)
    people.cannot("dora", "permission denied", "api", "approve", kApi)
    people.cannot("olga", "permission denied", "api", "approve", kApi)
    people.can("anna", "Rejected", "api", "reject", kApi, "-m", "no")
    people.cannot("anna", "Rejected", "api", "approve", kApi)
    people.cannot("olga", "Rejected, not Publishable", "api", "publish", kApi)
    people.can("betty", "Pending for Approval", "api", "submit", kApi)
    people.cannot("betty", "betty submitted it", "api", "approve", kApi)
    people.cannot("betty", "betty submitted it", "api", "reject", kApi)
    people.can("anna", "Publishable", "api", "approve", kApi, "--version", "1")
    people.cannot("anna", "Publishable", "api", "reject", kApi)
    t.is_(people("olga", "api", "publish", kApi, "--no-domain").rc, 0, "an approved version is published")
    t.is_(people("dora", "api", "commit", kApi).stdout, f"{kApi}: unchanged (version 1, Publishable)\n", "commit again: unchanged")


def in_the_name_of(t, p, people):
    draft(p, people, description="two")
    people.can("dora", "Pending for Application", "api", "commit", kApi)
    for who in ("dora", "betty", "dan"):
        people.cannot(who, "tablegate_owner", "api", "submit", kApi, "--as", "anna")
    people.cannot("postgres", "no member of tablegate_developer", "api", "submit", kApi, "--as", "anna")
    people.can("postgres", "Pending for Approval", "api", "submit", kApi, "--as", "dora")
    people.cannot("anna", "tablegate_owner", "api", "approve", kApi, "--as", "boss")
    people.cannot("postgres", "no member of tablegate_approver", "api", "approve", kApi, "--as", "dora")
    people.can("boss", "Publishable", "api", "approve", kApi, "--as", "someone@example.com")
    said = [(one["user"], one["as"], one["action"]) for one in p.loader.json("audit", "--api", kApi, "-n", "2")]
    t.is_(said, [("postgres", "dora", "submitted"), ("boss", "someone@example.com", "approved")], "the audit keeps both names")
    draft(p, people, description="three")
    people.can("dora", "Pending for Application", "api", "commit", kApi)
    people.can("postgres", "Pending for Approval", "api", "submit", kApi)
    people.cannot("postgres", "postgres submitted it", "api", "approve", kApi)
    people.can("anna", "Rejected", "api", "reject", kApi)


def by_hand(t, p, people):
    draft(p, people, description="four")
    people.can("dora", "Pending for Application", "api", "commit", kApi)
    people.can("betty", "Pending for Approval", "api", "submit", kApi)
    before = status(p)
    copy = ("INSERT INTO tablegate.api_version (api_id, version, status, definition, source, draft_digest, message)"
            " SELECT api_id, 99, '{}', definition, source, draft_digest, '' FROM tablegate.api_version WHERE version = 4")
    for state in ("Publishable", "Rejected", "Pending for Approval"):
        people.sql_fails("dora", copy.format(state), "cannot be")
        people.sql_fails("boss", "SET ROLE tablegate_owner; " + copy.format(state), "cannot be")
    people.sql_fails("dora", copy.format("Pending for Application").replace("message)", "message, submitted_by)").replace(", ''", ", '', 'dan'"), "permission denied")
    for who in ("dora", "anna", "betty", "olga"):
        people.sql_fails(who, "UPDATE tablegate.api_version SET status = 'Publishable' WHERE version = 4", "permission denied")
        people.sql_fails(who, "UPDATE tablegate.api_version SET submitted_by = 'dan' WHERE version = 4", "permission denied")
        people.sql_fails(who, "UPDATE tablegate.workspace SET approval = false", "permission denied")
        people.sql_fails(who, "DELETE FROM tablegate.audit", "permission denied")
        people.sql_fails(who, "ALTER TABLE tablegate.api_version DISABLE TRIGGER ALL", "owner")
        people.sql_fails(who, "SET session_replication_role = replica", "permission denied")
        people.sql_fails(who, "SELECT tablegate.take_step('approve', 1, 4, '', NULL)", "permission denied")
        people.sql_fails(who, "SELECT tablegate.write_audit('Api', 'x', 'approved', 1, 1, '{}')", "permission denied")
    # Who submitted stays who submitted, whatever role the session takes on.
    for prefix in ("", "SET ROLE tablegate_approver; ", "SET search_path = pg_temp, public, pg_catalog; "):
        people.sql_fails("betty", prefix + "SELECT tablegate.approve_version(1, 4, '', NULL)", "betty submitted it")
    people.sql_fails("betty", "SELECT tablegate.approve_version(1, 4, '', 'anna')", "tablegate_owner")
    people.sql_fails("betty", "SET SESSION AUTHORIZATION anna; SELECT tablegate.approve_version(1, 4, '', NULL)", "permission denied")
    people.sql_fails("dora", "SELECT tablegate.approve_version(1, 4, '', NULL)", "permission denied")
    people.sql_fails("dora", "CREATE TEMP TABLE api_version (a int)", "permission denied")
    # The rules apply to the owner of the tables too.
    for sql in ("SET status = 'Publishable'", "SET status = 'Publishable', decided_by = 'betty'", "SET status = 'Publishable', submitted_by = 'x', decided_by = 'y'",
                "SET submitted_by = 'dan'", "SET status = 'Pending for Application'"):
        people.sql_fails("boss", f"SET ROLE tablegate_owner; UPDATE tablegate.api_version {sql} WHERE version = 4")
    people.sql_fails("olga", "INSERT INTO tablegate.published_api (gateway, api_id, version) SELECT 'dataservice-prod', api_id, 4 FROM tablegate.api"
                             " ON CONFLICT (gateway, api_id) DO UPDATE SET version = 4", "not Publishable")
    # A workspace without approval cannot be used to bypass it: an API cannot move.
    t.is_(people("olga", "workspace", "create", "free").rc, 0, "an operator makes a workspace without approval")
    people.sql_fails("dora", "UPDATE tablegate.api SET workspace_id = (SELECT workspace_id FROM tablegate.workspace WHERE name = 'free')", "never changes")
    people.cannot("olga", "permission denied", "workspace", "set", "demo", "--approval", "off")
    t.is_(status(p), before, "nothing came of all that")
    people.can("anna", "Publishable", "api", "approve", kApi)


def waiting(p, people):
    """A version that waits for its application, one that waits for approval, one that was rejected."""
    for description in ("five", "six", "seven"):
        draft(p, people, description=description)
        people.can("dora", "Pending for Application", "api", "commit", kApi)
    for version in ("6", "7"):
        people.can("dora", "Pending for Approval", "api", "submit", kApi, "--version", version)
    people.can("anna", "Rejected", "api", "reject", kApi, "--version", "7")


def released(t, p, people):
    """Once approval is off, an operator's word makes a version Publishable that was committed when it was on."""
    result = people("olga", "api", "publish", kApi, "--version", "5")
    t.ok(result.rc == 1 and "requires no approval any more" in result.stderr and f'try: tablegate api approve "{kApi}" --version 5' in result.stderr, "publish names the way", result)
    people.cannot("dora", "permission denied", "api", "approve", kApi, "--version", "5")
    people.cannot("anna", "it is Pending for Application", "api", "approve", kApi, "--version", "5")
    people.sql_fails("anna", "SELECT tablegate.release_version(1, 5, '', NULL)", "permission denied")
    people.can("olga", "Publishable", "api", "approve", kApi, "--version", "5", "-m", "no approval any more")
    people.can("olga", "Publishable", "api", "approve", kApi)
    t.is_([state for number, state in status(p) if number == 6], ["Publishable"], "without --version the latest that waits")
    people.cannot("olga", "it is Rejected", "api", "approve", kApi, "--version", "7")
    said = [(one["user"], one["action"], one["details"]["version"]) for one in p.loader.json("audit", "--api", kApi, "-n", "2")]
    t.is_(said, [("olga", "approved", 5), ("olga", "approved", 6)], "the audit has who did it")
    t.is_(people("olga", "api", "publish", kApi, "--version", "5").rc, 0, "it is published")
    people.sql_fails("boss", "SET ROLE tablegate_owner; UPDATE tablegate.api_version SET status = 'Publishable', decided_by = 'boss' WHERE version = 7", "cannot become")


def test(t):
    p = t.project()
    t.is_(p.loader("init", "--workspace", "demo", "--approval").rc, 0, "init --approval")
    t.is_(p.loader.json("workspace", "list")[0]["approval"], True, "the workspace requires approval")
    p.loader.env["TABLEGATE_WORKSPACE"] = "demo"
    for name, roles in kPeople.items():
        p.postgres.add_person(name, *roles)
    people = People(t, p)
    p.apply(users_definitions())
    p.load("user_info", kUsersCsv)
    people("dora", "api", "test", kApi)
    life(t, p, people)
    in_the_name_of(t, p, people)
    by_hand(t, p, people)
    waiting(p, people)
    people.sql_fails("olga", "SELECT tablegate.release_version(1, 5, '', NULL)", "requires approval")
    t.is_(people("boss", "workspace", "set", "demo", "--approval", "off").rc, 0, "a member of tablegate_owner switches approval off")
    t.is_(p.loader.json("audit", "--kind", "workspace", "-n", "1")[0]["user"], "boss", "the audit tells who")
    released(t, p, people)
    draft(p, people, description="eight")
    people.can("dora", "Publishable", "api", "commit", kApi)


run_test(test)
