"""Faults at the borders between subjects: keys, tables, templates, URLs; and the words of the glossary."""

from __future__ import annotations

from tidy.planted import Planted

METER = {"src/mingdu/metering/models.py": "class Meter(models.Model): ...\n"}
TASKS = "src/mingdu/work/models.py"
BILLS = "src/mingdu/billing/queries.py"
PAGE = "src/mingdu/billing/templates/billing/bill.html"

BORDERS = (
    Planted(
        "foreign_keys",
        "a key that points up",
        TASKS,
        'x = models.ForeignKey("billing.BillRun", related_name="+")\n',
        'x = models.ForeignKey("base.Person", related_name="+")\n',
    ),
    Planted(
        "foreign_keys",
        "a key that leaves a name",
        TASKS,
        'x = models.OneToOneField(to="base.Person")\n',
        'x = models.OneToOneField(to="base.Person", related_name="+")\n',
    ),
    Planted(
        "foreign_keys",
        "a key to an imported class",
        TASKS,
        'from mingdu.metering.models import Meter\nx = models.ManyToManyField(Meter, related_name="+")\n',
        'class Task(models.Model): ...\nx = models.ManyToManyField(Task, related_name="others")\n',
    ),
    Planted(
        "foreign_keys",
        "the user model belongs to base",
        TASKS,
        "from django.conf import settings\nx = models.OneToOneField(settings.AUTH_USER_MODEL)\n",
        "from django.conf import settings\n"
        'x = models.OneToOneField(settings.AUTH_USER_MODEL, related_name="+")\n',
    ),
    Planted(
        "own_tables",
        "FROM",
        BILLS,
        'x = "SELECT 1 FROM metering_curve"\n',
        'x = "SELECT metering_note FROM billing_bill"\n',
    ),
    Planted(
        "own_tables",
        "an f-string",
        BILLS,
        'x = f"UPDATE money_entry SET a = {y}"\n',
        'x = f"UPDATE billing_bill SET a = {y}"\n',
    ),
    Planted(
        "own_tables",
        "COPY",
        BILLS,
        'x = "copy metering_curve (a) from stdin"\n',
        'x = "copy billing_bill (a) from stdin"\n',
    ),
    Planted(
        "own_tables",
        "a list after a comma",
        BILLS,
        'x = "SELECT 1 FROM billing_bill b, metering_meter m"\n',
        'x = "SELECT 1 FROM billing_bill b, billing_issue i"\n',
        METER,
    ),
    Planted(
        "own_tables",
        "a name kept apart",
        BILLS,
        'TABLE = "metering_meter"\n',
        'TABLE = "metering meter"\n',
        METER,
    ),
    Planted(
        "own_tables",
        "a file",
        "src/mingdu/billing/migrations/bulk.sql",
        "CREATE TABLE metering_curve (a int);",
        "CREATE TABLE billing_bill (a int);",
    ),
    Planted(
        "own_tables",
        "a table that another's SQL created",
        BILLS,
        'x = "SELECT 1 FROM billing_bill, metering_curve"\n',
        'x = "SELECT 1 FROM billing_bill"\n',
        {"src/mingdu/metering/migrations/bulk.sql": "CREATE TABLE metering_curve (a int);"},
    ),
    Planted(
        "own_tables",
        "the head end beside its store",
        "src/mingdu/headend/listener.py",
        'x = "INSERT INTO metering_inboxframe VALUES (1)"\n',
        "x = 1\n",
    ),
    Planted(
        "own_tables",
        "the head end's store beyond metering",
        "src/mingdu/headend/store.py",
        'x = "SELECT 1 FROM base_outboxevent"\n',
        'x = "INSERT INTO metering_inboxframe VALUES (1)"\n',
    ),
    Planted(
        "table_names",
        "a table in disguise",
        TASKS,
        'class Meta:\n    db_table = "billing_task"\n',
        'class Meta:\n    db_table = "work_task"\n',
    ),
    Planted(
        "template_order",
        "extends upwards",
        PAGE,
        '{% extends "service/frame.html" %}',
        '{% extends "base/frame.html" %}',
    ),
    Planted(
        "template_order",
        "includes upwards",
        PAGE,
        "<p>\n{% include 'insight/a.html' %}",
        "<p>\n{% include 'billing/a.html' %}",
    ),
    Planted(
        "template_order", "links upwards", PAGE, "{% url 'service:case' 1 %}", "{% url 'money:entry' 1 %}"
    ),
    Planted("template_order", "links to a face", PAGE, "{% url 'console:board' %}", "{{ link.url }}"),
    Planted(
        "template_order",
        "a name from a variable",
        PAGE,
        "{% extends frame %}",
        "{%- extends 'base/frame.html' %}",
    ),
    Planted(
        "reversed_urls",
        "reverse upwards",
        "src/mingdu/billing/views.py",
        'from django.urls import reverse\nx = reverse("service:case")\n',
        'from django.urls import reverse\nx = reverse("billing:bill")\n',
    ),
    Planted(
        "model_words",
        "a model that the glossary does not know",
        "src/mingdu/metering/models.py",
        "class PowerThing(models.Model): ...\n",
        "class UsagePoint(models.Model): ...\n"
        "class Dated(models.Model):\n    class Meta:\n        abstract = True\n",
        {"docs/glossary.md": "| 计量点 | `usage_point` (CIM UsagePoint) | power_thing |"},
    ),
)
