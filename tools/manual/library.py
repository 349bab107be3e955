#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the manual of the library, section 3, from the comments of its headers.

library.py VERSION TEMPLATE FOLDER HEADER...   TEMPLATE: of the command's manual, whose date it has

A function, struct or enum with a comment has a page of its own. What follows it without a comment, or
with one that begins with "The same", is on the same page. planche.3 has what is said of all, and the
list of pages. FOLDER below $MESON_INSTALL_DESTDIR_PREFIX, if that is set; a path from the root on below
$DESTDIR."""
import os
import re
import sys
import textwrap

WIDTH = 78


class Item:
    """A declaration, with the comment before it."""

    def __init__(self, comment, code):
        self.comment, self.code = comment, code.strip()
        function = re.match(r"PLANCHE_API\s+(.*?)(\w+)\(((?:[^()]|\([^()]*\))*)\);$", self.code, re.S)
        kind = re.match(r"(struct|enum) (planche_\w+)", self.code)
        macro = re.match(r"#define (PLANCHE_\w+)", self.code)
        self.function = function and (one_line(function[1]), function[2], arguments(function[3]))
        self.kind = "function" if function else kind[1] if kind else "macro" if macro else "type"
        name = re.search(r"\(\*(planche_\w+)\)|(planche_\w+);$", self.code)
        self.name = (function[2] if function else kind[2] if kind else macro[1] if macro
                     else (name[1] or name[2]) if name else "")


class Page:
    """What one page is about: items, the first of which gives it its name."""

    def __init__(self, header, about, item):
        self.header, self.items = header, [item]
        # The first declaration of a header may have none of its own.
        self.brief = first_sentence(item.comment or about)

    @property
    def name(self):
        return self.items[0].name


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def arguments(text):
    """Split at commas, but not within the parentheses of a function's type."""
    return [one_line(part) for part in re.split(r",(?![^(]*\))", text)]


def plain(comment):
    """A comment's text, without what makes it one."""
    lines = comment.strip()[2:-2].splitlines()
    return "\n".join(re.sub(r"^\s*\* ?", "", line).rstrip() for line in lines).strip()


def declaration_end(text, at):
    """Behind the semicolon that ends what begins at `at`, or behind a macro's last line."""
    if text[at] == "#":
        return re.compile(r"(?:[^\n]*\\\n)*[^\n]*\n").match(text, at).end()
    depth = 0
    for match in re.compile(r"/\*.*?\*/|[{};()]", re.S).finditer(text, at):
        token = match[0]
        depth += (token in "{(") - (token in "})")
        if token == ";" and depth == 0:
            return match.end()
    raise ValueError(f"no end of: {text[at:at + 60]!r}")


def items_of(text):
    """The first comment behind the licence, and the declarations."""
    body = re.sub(r"^extern \"C\" \{\n|^\}\n(?=#endif)", "", text, flags=re.M)
    comments = [match[0] for match in re.finditer(r"/\*.*?\*/", body, re.S)]
    about, found, comment, at = plain(comments[1]), [], "", body.index(comments[1]) + len(comments[1])
    while True:
        at = re.compile(r"\s*").match(body, at).end()
        if at == len(body):
            return about, found
        if body.startswith("/*", at):
            end = body.index("*/", at) + 2
            comment = plain(body[at:end])
            at = end
        elif body[at] == "#" and not re.match(r"#define PLANCHE_(?!\w+_H\b|API\b)", body[at:]):
            at = body.find("\n", at) + 1 or len(body)
        else:
            end = declaration_end(body, at)
            found.append(Item(comment, body[at:end]))
            comment, at = "", end


def pages_of(header, about, items):
    """A declaration without a definition ("struct planche_engine;") joins what follows."""
    pages, waiting = [], []
    for item in items:
        joins = not item.comment or item.comment.startswith("The same")
        if re.fullmatch(r"struct \w+;", item.code) and not item.comment:
            continue
        if joins and pages:
            pages[-1].items.append(item)
        elif item.name:
            pages.append(Page(header, about, item))
        else:
            waiting.append(item)
    if waiting:
        sys.exit(f"{header}: not understood: {waiting[0].code[:60]}")
    return pages


def roff(text):
    text = text.replace("\\", r"\e")
    text = re.sub(r"(?<![A-Za-z0-9])-", r"\\-", text)
    return "\\&" + text if text[:1] in ".'" else text


def paragraphs(text):
    """Prose, one sentence a line; lists of the headers ("- ...") as lists."""
    lines, listed = [], False
    blocks = re.split(r"\n\s*\n|\n(?=- )|\n(?=[A-Z]\w*(?:\(\))?\. )", text)
    for index, block in enumerate(blocks):
        is_item = block.startswith("- ")
        if is_item and not listed:
            lines.append(".Bl -dash")
        if not is_item and listed:
            lines.append(".El")
        listed = is_item
        if is_item:
            lines.append(".It")
        elif index:
            lines.append(".Pp")
        words = one_line(block[2:] if is_item else block)
        lines += [roff(sentence) for sentence in re.split(r"(?<=[.:]) (?=[A-Z\"])", words) if sentence]
    return lines + ([".El"] if listed else [])


def first_sentence(text):
    """For the line by which apropos finds the page."""
    sentence = re.split(r"(?<=[a-z)0-9])[.:;](?:\s|$)|\n\s*\n", text)[0]
    sentence = textwrap.shorten(one_line(sentence), 90, placeholder=" ...")
    return sentence[0].lower() + sentence[1:] if sentence[1:2].islower() or sentence[1:2] == " " else sentence


def synopsis(item):
    if item.function:
        result, name, parts = item.function
        lines = [f".Ft {roff(result)}", f".Fo {name}"]
        return lines + [f'.Fa "{roff(part)}"' for part in parts] + [".Fc"]
    return [".Bd -literal", *[roff(line) if line else "" for line in item.code.splitlines()], ".Ed"]


def title(name, version, date):
    return ['.\\" Made from the headers by tools/manual/library.py.', f".Dd {date}", f".Dt {name.upper()} 3",
            f".Os Planche {version}"]


def page_text(page, others, version, date):
    functions = [item for item in page.items if item.function]
    names = [item.name for item in page.items if item.name and (item.kind != "macro" or item is page.items[0])]
    lines = title(page.name, version, date) + [".Sh NAME"]
    lines += [f".Nm {name}{' ,' if name != names[-1] else ''}" for name in dict.fromkeys(names)]
    lines += [f".Nd {roff(page.brief)}", ".Sh LIBRARY", "libplanche (\\-lplanche)",
              ".Sh SYNOPSIS", f".In planche/{page.header}"]
    for item in page.items:
        lines += synopsis(item)
    lines.append(".Sh DESCRIPTION")
    for index, item in enumerate(item for item in page.items if item.comment):
        if index:
            lines += [".Pp", f"{item.name}():" if item.function else f"{item.name}:"]
        lines += paragraphs(item.comment)
    if any(item.function[0] == "enum planche_status" for item in functions):
        lines += [".Sh RETURN VALUES", "PLANCHE_OK, or what has failed; the error, if there is one, says why.",
                  "See", ".Xr planche_status 3", "for the values."]
    related = sorted({other.name for other in others if other is not page} | {"planche"})
    lines.append(".Sh SEE ALSO")
    lines += [f".Xr {name} 3{' ,' if name != related[-1] else ''}" for name in related]
    return "\n".join(lines) + "\n"


def overview(about, contents, version, date):
    lines = title("planche", version, date)
    lines += [".Sh NAME", ".Nm planche", ".Nd library that makes comic and manga pages larger with neural networks",
              ".Sh LIBRARY", "libplanche (\\-lplanche), pkg\\-config name", ".Sy planche", ".Sh SYNOPSIS",
              ".In planche/planche.h", ".Sh DESCRIPTION", *paragraphs(about), ".Sh PAGES"]
    for header, text, pages in contents:
        lines += [f".Ss {roff(header)}", *paragraphs(text), ".Bl -tag -width indent"]
        for page in pages:
            lines += [f".It Xr {page.name} 3", roff(page.brief)]
        lines.append(".El")
    lines += [".Sh SEE ALSO", ".Xr planche 1"]
    return "\n".join(lines) + "\n"


def main():
    version, template, folder, *headers = sys.argv[1:]
    with open(template, encoding="utf-8") as file:
        date = re.search(r"^\.Dd (.*)$", file.read(), re.M)[1]
    prefix = os.environ.get("MESON_INSTALL_DESTDIR_PREFIX")
    if os.path.isabs(folder):
        folder = os.environ.get("DESTDIR", "").rstrip("/") + folder
    elif prefix:
        folder = os.path.join(prefix, folder)
    os.makedirs(folder, exist_ok=True)
    contents, about_all = [], ""
    for path in headers:
        with open(path, encoding="utf-8") as file:
            about, items = items_of(file.read())
        header = os.path.basename(path)
        if header == "planche.h":
            about_all = about
        else:
            contents.append((header, about, pages_of(header, about, items)))
    texts = {"planche": overview(about_all, contents, version, date)}
    for _, _, pages in contents:
        for page in pages:
            texts[page.name] = page_text(page, pages, version, date)
            for item in page.items[1:]:
                if item.kind in ("function", "struct", "enum") and item.name not in texts:
                    texts[item.name] = f".so man3/{page.name}.3\n"
    for name, text in texts.items():
        with open(os.path.join(folder, f"{name}.3"), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
