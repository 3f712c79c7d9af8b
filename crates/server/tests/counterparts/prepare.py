"""Gives the template database what a business has: a currency, a company, and the administrator as its employee."""

from datetime import date
from decimal import Decimal

from trytond.pool import Pool
from trytond.transaction import Transaction

DATABASE = "template"

Pool.start()
with Transaction().start(DATABASE, 0):
    Pool(DATABASE).init()

with Transaction().start(DATABASE, 1):
    get = Pool(DATABASE).get
    (currency,) = get("currency.currency").create([{
        "name": "Euro",
        "code": "EUR",
        "numeric_code": "978",
        "symbol": "€",
        "rates": [("create", [{"date": date(2026, 1, 1), "rate": Decimal(1)}])],
    }])
    business, person = get("party.party").create([{"name": "Prüfstand GmbH"}, {"name": "Eva Verkauf"}])
    (company,) = get("company.company").create([{"party": business.id, "currency": currency.id}])
    (employee,) = get("company.employee").create([{"party": person.id, "company": company.id}])
    User = get("res.user")
    (admin,) = User.search([("login", "=", "admin")])
    User.write([admin], {
        "companies": [("add", [company.id])],
        "company": company.id,
        "employees": [("add", [employee.id])],
        "employee": employee.id,
    })
    Transaction().commit()

# Everything into the one file that is copied, none of it beside it.
import sqlite3  # noqa: E402
from os import environ  # noqa: E402

with sqlite3.connect(f"{environ['TRYTOND_DATABASE__PATH']}/{DATABASE}.sqlite") as database:
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
