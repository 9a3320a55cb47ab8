"""All rules by the name under which they are reported and planted against."""

from __future__ import annotations

from tidy import committed, edge, glossary, manners, relations, shape, tables, templates, words
from tidy.tree import Rule

RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        shape.file_length,
        shape.body_length,
        shape.branches,
        shape.arguments,
        shape.nesting,
        shape.open_arguments,
        shape.keyword_only,
        shape.module_docstring,
        words.empty_names,
        words.unfinished_words,
        words.float_arithmetic,
        words.float_names,
        edge.clock,
        edge.clock_in_sql,
        edge.chance,
        edge.identity,
        edge.environment,
        edge.model_lookup,
        edge.wide_except,
        relations.foreign_keys,
        tables.own_tables,
        tables.table_names,
        templates.template_order,
        templates.reversed_urls,
        committed.machine_paths,
        committed.binary_files,
        committed.rule_files,
        glossary.model_words,
        manners.skips_and_patches,
        manners.sleeps,
        manners.numbered_names,
        manners.mirrored_folders,
    )
}
