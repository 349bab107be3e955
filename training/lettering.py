# SPDX-License-Identifier: MIT
"""Renders tiles of lettering: lines of Latin, Cyrillic, Chinese, Korean and vertical Japanese with
furigana, in the fonts of fonts.tsv. Needs Pillow and the fonts' files; no GPU."""
import os
import random

from PIL import Image, ImageDraw, ImageFont

LATIN = ('WHAT ARE YOU DOING HERE? I never said that it would be easy, did I? Wait... the letter! '
         'MEANWHILE, on the other side of the river... Look out! Où est passé le chat? Nein, nicht '
         'dort! ¡Qué sorpresa! Run for it, quick: 1, 2, 3 - GO! He left at 7:45 with (both) bags. '
         'Zwölf Boxkämpfer jagen Viktor quer über den Deich. "Perhaps," she said; "perhaps not." '
         'CRASH! BOOM! Krrrk... hmm? Ha ha ha! Your Majesty, the ships have been sighted.')
CYRILLIC = ('Что ты здесь делаешь? Я НЕ ЗНАЮ... Подожди, письмо! Тем временем за рекой шёл дождь. '
            'Съешь ещё этих мягких французских булок, да выпей чаю. БЕЖИМ! Щука, ёж и цапля. '
            'Ваше величество, корабли уже видны. Ґанок, їжак, єдність і щастя. Ха-ха-ха!')
KANA = 'あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんがぎぐげござじずだでどばびぶべぼぱ'
KATAKANA = 'アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンガギグゲゴザジズダデドバビブベボッー！？…'
KANJI = ('日一国人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西'
         '電校語土木聞食車何南万毎白天母火右読友左休父雨黒春秋冬夏顔声剣魔竜森夜光影戦闘願夢鬱驚護薔薇響観類議')
HAN = ('你在这里做什么我从来没有说过会很容易等一下那封信与此同时河的另一边快跑陛下船已经看见了谢谢为什么因为时间不够黑夜终于结束森林里的猫'
       '說話聽見龍驚嚇鬥繼續願望歲靈魂鐵劍體驗')
HANGUL = '무엇을하고있어나는그것이쉬울거라고말한적없다기다려편지한편강건너에서도망쳐폐하배가보입니다고마워왜냐하면시간이부족해어두운밤이끝났다숲속의고양이'


def fonts(use, tsv, folder):
    """(script, path of the file) of the fonts for `use` that are below folder."""
    at = {}
    for base, _, names in os.walk(folder):
        at.update({name: os.path.join(base, name) for name in names})
    found = []
    with open(tsv, encoding='utf-8') as stream:
        for line in stream:
            if not line.startswith('#'):
                kind, script, _, name, _ = line.rstrip('\n').split('\t')
                if kind == use and name in at:
                    found.append((script, at[name]))
    return found


class Letterer:
    """Draws blocks of text with fonts and sizes of its own choice."""

    def __init__(self, found, rng):
        self.found, self.rng, self.cache = found, rng, {}

    def font(self, path, size):
        if (path, size) not in self.cache:
            self.cache[path, size] = ImageFont.truetype(path, size)
        return self.cache[path, size]

    def words(self, text):
        words = text.split()
        k = self.rng.randrange(len(words))
        return words[k:] + words[:k]

    def lines(self, image, box, path, size, text):
        """Centred lines of words, as in a balloon."""
        pen, font, words = ImageDraw.Draw(image), self.font(path, size), self.words(text)
        if self.rng.random() < .5:
            words = [w.upper() for w in words]
        left, top, right, bottom = box
        step, y = round(size * self.rng.uniform(1.05, 1.35)), top
        while y + size < bottom and words:
            line = words.pop(0)
            while words and pen.textlength(line + ' ' + words[0], font=font) < right - left:
                line += ' ' + words.pop(0)
            x = (left + right - pen.textlength(line, font=font)) / 2
            pen.text((x, y), line, font=font, fill=0)
            y += step

    def glyphs(self, letters, count):
        return ''.join(self.rng.choice(letters) for _ in range(count))

    def rows(self, image, box, path, size, letters):
        """Horizontal rows of Chinese or Korean."""
        pen, font = ImageDraw.Draw(image), self.font(path, size)
        left, top, right, bottom = box
        for y in range(top, bottom - size, round(size * 1.3)):
            pen.text((left, y), self.glyphs(letters, max(1, (right - left) // size)), font=font,
                     fill=0)

    def columns(self, image, box, path, size):
        """Vertical Japanese, right to left, some kanji with furigana beside them."""
        pen, font = ImageDraw.Draw(image), self.font(path, size)
        small = self.font(path, max(5, round(size * self.rng.uniform(.36, .5))))
        left, top, right, bottom = box
        furigana = self.rng.random() < .7
        x = right - size
        while x > left:
            y = top
            while y + size < bottom:
                kanji = self.rng.random() < .35
                letters = KANJI if kanji else KATAKANA if self.rng.random() < .15 else KANA
                pen.text((x, y), self.rng.choice(letters), font=font, fill=0)
                if kanji and furigana:
                    for k in range(2):
                        pen.text((x + size, y + k * small.size), self.rng.choice(KANA),
                                 font=small, fill=0)
                y += round(size * 1.04)
            x -= round(size * (1.75 if furigana else 1.25))

    def block(self, image, box, script, path, size):
        if script == 'japanese' and self.rng.random() < .85:
            self.columns(image, box, path, size)
        elif script == 'japanese':
            self.rows(image, box, path, size, KANA + KANJI)
        elif script == 'chinese':
            self.rows(image, box, path, size, HAN)
        elif script == 'korean':
            self.rows(image, box, path, size, HANGUL)
        else:
            self.lines(image, box, path, size, CYRILLIC if script == 'cyrillic'
                       and self.rng.random() < .7 else LATIN)

    def effect(self, image, side):
        """A sound effect: one large word, turned."""
        script, path = self.rng.choice(self.found)
        text = {'japanese': self.glyphs(KATAKANA, 3), 'chinese': self.glyphs(HAN, 2),
                'korean': self.glyphs(HANGUL, 2), 'cyrillic': 'БУМ!'}.get(script, 'KRAK!')
        layer = Image.new('L', (side, side), 255)
        font = self.font(path, self.rng.randrange(70, 200))
        ImageDraw.Draw(layer).text((side // 2, side // 2), text, font=font, fill=0, anchor='mm')
        layer = layer.rotate(self.rng.uniform(-25, 25), Image.BICUBIC, fillcolor=255)
        image.paste(layer, (0, 0))

    def tile(self, side, smallest=9, largest=46):
        """A white tile with black letters."""
        image = Image.new('L', (side, side), 255)
        if self.rng.random() < .06:
            self.effect(image, side)
            return image
        across, down = self.rng.choice(((1, 1), (2, 1), (1, 2), (2, 2), (2, 3), (3, 2)))
        for i in range(across):
            for j in range(down):
                script, path = self.rng.choice(self.found)
                # Small letters are what suffers.
                size = round(smallest * (largest / smallest) ** (self.rng.random() ** 1.2))
                if script in ('japanese', 'chinese', 'korean'):
                    size = max(size, 12)
                gap = self.rng.randrange(4, 18)
                box = (i * side // across + gap, j * side // down + gap,
                       (i + 1) * side // across - gap, (j + 1) * side // down - gap)
                self.block(image, box, script, path, size)
        return image


def letterer(use, tsv, folder, seed):
    found = fonts(use, tsv, folder)
    if not found:
        raise SystemExit(f'no font of {tsv} for {use} below {folder}: unpack the packages there')
    return Letterer(found, random.Random(seed))
