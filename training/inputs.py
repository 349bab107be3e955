# SPDX-License-Identifier: MIT
"""What a user hands to the programs of this folder: what is wrong with it is told in one line that names it.
Without torch, so that check.py can try it anywhere."""
import glob
import os
import re
import zipfile

FORM = re.compile(r'[1-9]\d*x\d+(x[1-4])?(\+[1-9]\d*x[1-9]\d*)?g?')


def network(spec, recipes):
    """(name, form, recipe, rate, method, start) of NAME=FORM[:RECIPE[:RATE[:METHOD]]][@START]; what is not
    given is ''."""
    name, _, rest = spec.partition('=')
    rest, _, start = rest.partition('@')
    form, recipe, rate, method = (rest.split(':') + ['', '', ''])[:4]
    if not name or os.path.basename(name) != name or not FORM.fullmatch(form) or rest.count(':') > 3:
        raise SystemExit(f'--net {spec}: not NAME=FORM[:RECIPE[:RATE[:METHOD]]][@START], such as small=32x8')
    if recipe and recipe not in recipes:
        raise SystemExit(f'--net {spec}: there is no recipe {recipe}; there are {", ".join(recipes)}')
    if method not in ('', 'adam', 'muon'):
        raise SystemExit(f'--net {spec}: the method {method} is neither adam nor muon')
    try:
        rate = float(rate) if rate else ''
    except ValueError:
        raise SystemExit(f'--net {spec}: the rate {rate} is no number') from None
    return name, form, recipe, rate, method, start


def packed(path):
    """[(name, bytes)] of a set of make_set.py."""
    try:
        with zipfile.ZipFile(path) as archive:
            files = [(name, archive.read(name)) for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise SystemExit(f'{path} cannot be read as a set of make_set.py: '
                         f'{getattr(error, "strerror", None) or error}') from None
    for part in ('pages/', 'letters/'):
        if not any(name.startswith(part) for name, _ in files):
            raise SystemExit(f'{path} is no set of make_set.py: there is nothing in {part}')
    return files


def checkpoints(folder, name):
    """Files that an earlier piece left of a network, first to last; none if it has not begun."""
    if not os.path.isdir(folder):
        raise SystemExit(f'--resume {folder}: there is no such folder')
    files = glob.glob(os.path.join(glob.escape(folder), glob.escape(name) + '.*.ckpt'))
    numbers = {re.fullmatch(r'.*\.(\d+)\.ckpt', path, re.S): path for path in files}
    found = {int(match[1]): path for match, path in numbers.items() if match}
    lacking = set(range(len(found))) - set(found)
    if lacking:
        raise SystemExit(f'{os.path.join(folder, name)}.{min(lacking)}.ckpt is missing: {len(found)} later '
                         'ones of the network are there')
    return [found[k] for k in sorted(found)]


def state(files, form, method, count, read):
    """The state of a network with `count` parameters, which files hold together. read: reads one of them,
    and may raise anything."""
    whole = {}
    for path in files:
        try:
            whole.update(read(path))
        except Exception as error:  # of pickle, of its zip, of the system  # pylint: disable=broad-except
            raise SystemExit(f'{path} cannot be read as a checkpoint of train.py: {first_line(error)}') from None
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
        raise SystemExit(f'--out {path}: no folder can be made there: {error.strerror}') from None


def first_line(error):
    text = getattr(error, 'strerror', None) or str(error) or type(error).__name__
    return text.split('\n')[0][:200]
