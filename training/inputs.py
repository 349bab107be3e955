# SPDX-License-Identifier: MIT
"""What a user hands to the programs of this folder: what is wrong with it is told in one line that names it.
Without torch, so that check.py can try it anywhere."""
import io
import math
import os
import re
import zipfile

FORM = re.compile(r'([1-9]\d*)x(\d+)(?:x[1-4])?(?:\+([1-9]\d*)x([1-9]\d*))?g?', re.A)
CHANNELS, LAYERS = 512, 64  # that the files of stored.py can hold


def is_form(text):
    """Of a network that stored.py can write, as network.parse() reads it."""
    match = FORM.fullmatch(text)
    return bool(match) and all(len(number or '') <= 3 and int(number or 0) <= most for number, most in
                               zip(match.groups(), (CHANNELS, LAYERS, CHANNELS, LAYERS)))


def rate(text):
    """A rate of learning; ValueError of what is none."""
    number = float(text)
    if not 0 < number < math.inf:
        raise ValueError
    return number


def network(spec, recipes):
    """(name, form, recipe, rate, method, start) of NAME=FORM[:RECIPE[:RATE[:METHOD]]][@START]; what is not
    given is ''."""
    name, _, rest = spec.partition('=')
    rest, at, start = rest.partition('@')
    form, recipe, speed, method = (rest.split(':') + ['', '', ''])[:4]
    if (name in ('', '.', '..') or os.path.basename(name) != name or not is_form(form) or rest.count(':') > 3
            or (at and not start)):
        raise SystemExit(f'--net {spec}: not NAME=FORM[:RECIPE[:RATE[:METHOD]]][@START], such as small=32x8, '
                         f'with at most {CHANNELS} channels and {LAYERS} layers')
    if recipe and recipe not in recipes:
        raise SystemExit(f'--net {spec}: there is no recipe {recipe}; there are {", ".join(recipes)}')
    if method not in ('', 'adam', 'muon'):
        raise SystemExit(f'--net {spec}: the method {method} is neither adam nor muon')
    try:
        return name, form, recipe, rate(speed) if speed else '', method, start
    except ValueError:
        raise SystemExit(f'--net {spec}: the rate {speed} is no number above 0') from None


def packed(path):
    """[(name, bytes)] of a set of make_set.py."""
    try:
        with zipfile.ZipFile(path) as archive:
            files = [(name, archive.read(name)) for name in archive.namelist()]
    except Exception as error:  # of the zip, of what unpacks it, of the system  # pylint: disable=broad-except
        raise SystemExit(f'{path} cannot be read as a set of make_set.py: {first_line(error)}') from None
    for part in ('pages/', 'letters/'):
        if not any(name.startswith(part) for name, _ in files):
            raise SystemExit(f'{path} is no set of make_set.py: there is nothing in {part}')
    return files


def picture(path, name, data, mode):
    """The picture that an entry of a set holds."""
    from PIL import Image  # check.py is run where it is not, too
    try:
        return Image.open(io.BytesIO(data)).convert(mode)
    except Exception:  # of any decoder  # pylint: disable=broad-except
        raise SystemExit(f'{path}: {name} is no picture, or damaged') from None


def tile(path, name, data, side):
    """Lettering that an entry of a set holds, in grey: as large as drawn tiles are."""
    letters = picture(path, name, data, 'L')
    if letters.size != (side, side):
        raise SystemExit(f'{path}: {name} has {letters.width}x{letters.height} pixels, not {side}x{side}')
    return letters


def checkpoints(folder, name):
    """Files that an earlier piece left of a network, first to last; none if it has not begun."""
    try:
        matches = (re.fullmatch(re.escape(name) + r'\.(0|[1-9]\d*)\.ckpt', file, re.A) for file in os.listdir(folder))
    except OSError as error:
        raise SystemExit(f'--resume {folder}: {error.strerror}') from None
    found = {int(match[1]): os.path.join(folder, match[0]) for match in matches if match}
    for k in range(len(found)):
        if k not in found:
            raise SystemExit(f'{os.path.join(folder, name)}.{k}.ckpt is missing: later ones of the network '
                             f'that are there: {len(found) - k}')
    return [found[k] for k in sorted(found)]


def checkpoint(path, read):
    """What a file of train.py holds. read: reads it, and may raise anything."""
    try:
        return {str(key): value for key, value in read(path).items()}
    except Exception as error:  # of pickle, of its zip, of the system  # pylint: disable=broad-except
        raise SystemExit(f'{path} cannot be read as a checkpoint of train.py: {first_line(error)}') from None


def state(files, form, method, count, read):
    """The state of a network with `count` parameters, which files hold together. read: as of checkpoint()."""
    whole = {}
    for path in files:
        whole.update(checkpoint(path, read))
    for key, wanted in (('form', form), ('method', method)):  # lighten.py once left the method out
        if whole.get(key, method) != wanted:
            raise SystemExit(f'{files[0]}: its {key} is {whole.get(key)}, not {wanted}')
    for key in ('steps', *(f'weight{k}' for k in range(count))):
        if key not in whole:
            raise SystemExit(f'{files[-1]} is not the last file of its network, or damaged: {key} is missing')
    return whole


def folder_for(path):
    """Makes a folder for results, unless it is there."""
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise SystemExit(f'{path}: no folder can be made there: {error.strerror}') from None


def first_line(error):
    text = getattr(error, 'strerror', None) or str(error) or type(error).__name__
    return text.split('\n')[0][:200]
