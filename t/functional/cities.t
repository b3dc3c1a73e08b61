#!/usr/bin/env python3
"""Real data: the 135,233 cities of t/tutorial through four APIs, compared with the file itself."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import collections
import csv
import gzip

from tablegate_test import kTutorial, path_with, run_test

kFile = os.path.join(kTutorial, "cities.csv.gz")
kApis = ("Query City by City ID", "List Cities of a Country", "List Cities by Name", "Search Cities by Population", "Search Cities by Script")


def read_cities():
    """Rows as the APIs have to show them."""
    with gzip.open(kFile, "rt", encoding="utf-8", newline="") as file:
        return [{"city_id": int(row["city_id"]), "name": row["name"], "alt_name": row["alt_name"] or None, "country": row["country"],
                 "feature_code": row["feature_code"], "admin_code": row["admin_code"] or None, "population": int(row["population"]),
                 "lon": float(row["lon"]), "lat": float(row["lat"])} for row in csv.DictReader(file)]


def by_id(rows):
    return sorted(rows, key=lambda row: row["city_id"])


def pick(rows, *names):
    return [{name: row[name] for name in names} for row in rows]


def search(t, p, cities):
    """A list of countries, a range, the largest first: page by page with cursors, and by number."""
    def wanted(countries, least, most):
        rows = [row for row in cities if row["country"] in countries and least <= row["population"] < most]
        return pick(sorted(rows, key=lambda row: (-row["population"], -row["city_id"])), "name", "country", "population")

    for countries, least, most, size in ((["FR", "DE"], 100000, 10**9, 50), (["AD", "MC"], 0, 10**9, 7), (["US"], 5000, 6000, 500), (["XX"], 0, 10, 5)):
        rows = wanted(countries, least, most)
        asked = f"/v1/city/search?country={','.join(countries)}&min_population={least}&max_population={most}&pageSize={size}"
        found, data, cursor = [], None, ""
        while cursor is not None:
            data = p.get(asked + (f"&cursor={cursor}" if cursor else "")).json["data"]
            found += data["rows"]
            cursor = data["nextCursor"]
        t.is_((found, data["totalNum"]), (rows, len(rows)), f"search: {countries} from {least} to {most}, by cursor")
        last = max(1, (len(rows) + size - 1) // size)
        t.is_(p.get(f"{asked}&pageNum={last}").json["data"]["rows"], rows[(last - 1) * size:], f"search: its page {last} by number")
        script = p.get(f"{asked}&pageNum={last}".replace("/city/search", "/city/script")).json["data"]
        t.is_((script["rows"], script["totalNum"]), (rows[(last - 1) * size:], len(rows)), f"the same as a script: its page {last}")


def test(t):
    cities = read_cities()
    t.is_(len(cities), 135233, "rows of the file")
    p = t.project()
    p.init()
    p.loader.must("apply", "-f", kTutorial)
    p.load("cities", kFile)
    status = p.loader.must("table", "status", "cities", "-o", "json").stdout
    t.like(status, "135233", "rows in the mirror")
    p.publish(*kApis)
    p.key = p.add_key()
    p.sync()
    p.gateway.start()

    chosen = cities[::2500] + [row for row in cities if row["alt_name"] or not row["admin_code"]] + [row for row in cities if '"' in row["name"]]
    wrong = []
    for row in chosen:
        answer = p.get(path_with("/v1/city/info", city_id=row["city_id"]))
        if answer.status != 200 or answer.json != {"data": row, "success": True} or list(answer.json["data"]) != list(row):
            wrong.append((row, answer))
    t.ok(not wrong, f"by id: {len(chosen)} cities are what the file says", *wrong[:3])

    countries = collections.defaultdict(list)
    names = collections.defaultdict(list)
    for row in cities:
        countries[row["country"]].append(row)
        names[row["name"]].append(row)
    for country in ("AD", "MC", "IS", "ZW"):
        answer = p.get(path_with("/v1/city/country", country=country))
        t.is_(by_id(answer.json["data"]), pick(countries[country], "city_id", "name", "population"), f"by country: {country}")
    t.is_(len(p.get("/v1/city/country?country=US").json["data"]), 2000, "by country: US is cut off at max_records")
    t.is_(p.get("/v1/city/country?country=xx").body, b'{"data":[],"success":true}', "by country: nobody")
    t.is_(p.get("/v1/city/country?country=").body, b'{"data":[],"success":true}', "by country: the empty string is a value")
    longest, most = max(names, key=len), max(names, key=lambda name: len(names[name]))
    for name in ("São Paulo", "Shanghai", "‘Ayn Ḩalāqīm", longest, most, next(x for x in names if "'" in x), next(x for x in names if "," in x)):
        answer = p.get(path_with("/v1/city/name", name=name))
        t.is_(by_id(answer.json["data"]), pick(names[name], "city_id", "name", "country", "admin_code", "lon", "lat"), f"by name: {name}")
    t.is_(p.get(path_with("/v1/city/name", name="' OR 1=1 --")).body, b'{"data":[],"success":true}', "by name: SQL is only a name")
    search(t, p, cities)
    t.is_(p.get("/v1/city/name?name=S%C3%A3o+Paulo").json["data"], p.get("/v1/city/name?name=S%C3%A3o%20Paulo").json["data"], "+ is a space")


run_test(test)
