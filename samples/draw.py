#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws the sample pages: page.svg (a comic page in colour), manga.svg (in grey), strip.svg (a strip for
scrolling) and painting.svg. samples/README.md says how they become PNG files."""
import math
import os
import random
import sys

sys.dont_write_bytecode = True
from ink import Page, path_of, smooth  # noqa: E402
from painting import draw_painting  # noqa: E402

COLOUR = dict(skin="#f7cfae", shade="#e2a583", hair="#3b2b4d", gloss="#6a5086", eye="#2f7f79",
              coat="#d9483b", coat_dark="#a8302b", scarf="#f4c542", mouth="#8c2f39", cat="#e8933a",
              cat_light="#fbe6c8", cat_eye="#7fbf4d", ink="#17131c")
GREY = dict(skin="#fff", shade="#d0d0d0", hair="#1a1a1a", gloss="#6e6e6e", eye="#555",
            coat="#8c8c8c", coat_dark="#5a5a5a", scarf="#e4e4e4", mouth="#333", cat="#b8b8b8",
            cat_light="#f6f6f6", cat_eye="#ddd", ink="#111")


def girl_eye(page, x, y, look, colours, wide):
    tall = 19 if wide else 16
    page.fill(smooth([(x - 17, y - 2), (x - 8, y - tall), (x + 9, y - tall), (x + 17, y - 1),
                      (x + 10, y + tall), (x - 9, y + tall)], 8, True), "#fff")
    page.circle(x + look, y, 11.5, colours["ink"], tall - 1)
    page.circle(x + look, y + 4, 9.5, colours["eye"], tall - 7)
    page.circle(x + look, y + 1, 5, colours["ink"], 8)
    page.circle(x + look - 4, y - 7, 4.4, "#fff", 5.2)
    page.circle(x + look + 5, y + 7, 2, "#fff")
    page.ink([(x - 20, y + 1), (x - 10, y - tall), (x + 8, y - tall - 1), (x + 20, y - 3)], 7.5,
             colours["ink"], 0.3, 0.3)
    page.ink([(x - 11, y + tall), (x, y + tall + 1.5), (x + 11, y + tall)], 2.2, colours["ink"])
    page.ink([(x - 17, y - tall - 13), (x, y - tall - 19), (x + 16, y - tall - 14)], 3.6,
             colours["ink"])


def girl_shoulders(page, colours):
    ink = colours["ink"]
    page.shape([(-34, 78), (-84, 104), (-128, 150), (-146, 260), (146, 260), (128, 150), (84, 104),
                (34, 78)], colours["coat"], ink, 5)
    page.fill(smooth([(60, 118), (112, 150), (134, 258), (74, 258), (84, 190)], 8, True),
              colours["coat_dark"])
    page.ink([(-70, 160), (-78, 200), (-72, 255)], 3.5, ink)
    page.ink([(0, 130), (4, 190), (0, 258)], 3, ink)
    page.shape([(-58, 74), (-66, 98), (-30, 120), (22, 122), (62, 102), (58, 74), (0, 92)],
               colours["scarf"], ink, 4.5)
    page.shape([(18, 112), (50, 108), (64, 176), (34, 188)], colours["scarf"], ink, 4)
    for k in range(4):
        page.ink([(-44 + 24 * k, 94), (-38 + 24 * k, 114)], 2.2, ink)
    page.ink([(30, 128), (44, 176)], 2.2, ink)


def girl(page, x, y, scale, colours, look=0, mood="smile", flip=False, turn=0):
    """Head and shoulders; the head is about 180 high at scale 1."""
    ink = colours["ink"]
    page.group(x, y, scale, flip, turn)
    page.shape([(-20, -106), (-84, -78), (-104, -6), (-94, 62), (-104, 118), (-62, 104), (0, 112),
                (64, 102), (106, 112), (96, 58), (104, -8), (82, -80), (22, -106)], colours["hair"],
               ink, 5)
    girl_shoulders(page, colours)
    page.shape([(-66, -40), (-68, 8), (-56, 46), (-26, 76), (0, 87), (26, 76), (56, 46), (68, 8),
                (66, -40), (0, -70)], colours["skin"], ink, 4.5)
    page.fill(smooth([(-58, -34), (0, -28), (58, -34), (64, -14), (24, -20), (0, -8), (-30, -20),
                      (-64, -10)], 8, True), colours["shade"])
    girl_eye(page, -31, 14, look, colours, mood == "awe")
    girl_eye(page, 31, 14, look, colours, mood == "awe")
    page.ink([(-2, 40), (-5, 48), (1, 50)], 2.6, ink)
    if mood == "smile":
        page.fill(smooth([(-16, 58), (0, 62), (17, 57), (9, 72), (-7, 73)], 6, True),
                  colours["mouth"])
        page.ink([(-19, 57), (0, 62), (20, 56)], 3.2, ink)
    elif mood == "awe":
        page.shape([(-9, 60), (0, 56), (9, 60), (8, 72), (0, 76), (-8, 72)], colours["mouth"], ink,
                   3)
    else:
        page.ink([(-13, 66), (-2, 62), (13, 64)], 3.2, ink)
    for side in (-1, 1):
        for k in range(3):
            page.ink([(side * 46 - 6 + 6 * k, 38), (side * 46 - 9 + 6 * k, 46)], 2, colours["shade"]
                     if colours is COLOUR else "#777")
    page.shape([(-86, 6), (-90, -40), (-64, -88), (0, -112), (64, -88), (90, -40), (86, 8),
                (70, -14), (58, -40), (52, -8), (32, -38), (16, -4), (-6, -42), (-28, -6),
                (-42, -40), (-62, -10), (-68, -34)], colours["hair"], ink, 4.5, 6)
    page.fill(smooth([(-62, -62), (-30, -84), (8, -88), (40, -80), (10, -74), (-28, -70)], 8, True),
              colours["gloss"])
    for k in range(5):
        page.ink([(-46 + 20 * k, -98 + abs(k - 2) * 5), (-40 + 17 * k, -70), (-40 + 18 * k, -48)],
                 1.8, colours["gloss"])
    page.end()


def cat(page, x, y, scale, colours, flip=False, look=0):
    """A cat's head and chest, about 150 high at scale 1."""
    ink = colours["ink"]
    page.group(x, y, scale, flip)
    page.shape([(-44, 40), (-66, 100), (-70, 170), (70, 170), (66, 100), (44, 40)], colours["cat"],
               ink, 4.5)
    page.fill(smooth([(-24, 60), (-30, 120), (0, 168), (30, 120), (24, 60)], 8, True),
              colours["cat_light"])
    for side in (-1, 1):
        page.shape([(side * 62, -20), (side * 66, -84), (side * 20, -50)], colours["cat"], ink, 4.5,
                   3)
        page.fill([(side * 54, -36), (side * 58, -68), (side * 34, -48)], colours["mouth"]
                  if colours is COLOUR else "#777")
    page.shape([(0, -58), (-52, -40), (-74, 4), (-56, 44), (0, 58), (56, 44), (74, 4), (52, -40)],
               colours["cat"], ink, 4.5)
    page.fill(smooth([(0, 8), (-26, 18), (-34, 38), (0, 54), (34, 38), (26, 18)], 8, True),
              colours["cat_light"])
    for k in (-1, 0, 1):
        page.ink([(16 * k, -54), (13 * k, -40), (12 * k, -30)], 7, colours["coat_dark"], 0.6, 0.1)
    for side in (-1, 1):
        page.circle(side * 30, -2, 15, ink, 17)
        page.circle(side * 30, -2, 12.5, colours["cat_eye"], 14.5)
        page.circle(side * 30 + look, -2, 5.5, ink, 12)
        page.circle(side * 30 - 4 + look, -8, 3.4, "#fff")
        for k in range(3):
            page.ink([(side * 36, 24 + 5 * k), (side * 66, 16 + 9 * k), (side * 92, 14 + 13 * k)],
                     1.8, ink)
        page.ink([(0, 26), (side * 5, 36), (side * 14, 37), (side * 20, 31)], 3, ink)
    page.fill(smooth([(-8, 17), (8, 17), (0, 26)], 4, True), colours["mouth"])
    page.end()


def waves(page, y0, y1, colour, seed, width=600):
    pen = random.Random(seed)
    y = y0
    while y < y1:
        x = pen.uniform(-30, 20)
        while x < width:
            length = pen.uniform(24, 70) * (0.5 + (y - y0) / (y1 - y0))
            page.ink([(x, y), (x + length * 0.3, y - 4), (x + length * 0.6, y + 2),
                      (x + length, y - 2)], 2.4, colour)
            x += length + pen.uniform(18, 60)
        y += 9 + (y - y0) * 0.08


def rays(page, x, y, count, inner, outer, colour, seed, width=7.0):
    """Speed lines that run towards a point and stop short of it."""
    pen = random.Random(seed)
    for k in range(count):
        a = 2 * math.pi * (k + pen.uniform(-0.35, 0.35)) / count
        near = inner * pen.uniform(0.85, 1.35)
        w = width * pen.uniform(0.4, 1.1)
        cos, sin = math.cos(a), math.sin(a)
        page.fill([(x + cos * near, y + sin * near * 0.8),
                   (x + cos * outer - sin * w, y + sin * outer + cos * w),
                   (x + cos * outer + sin * w, y + sin * outer - cos * w)], colour)


def harbour(page):
    page.open_panel([(20, 20), (580, 20), (580, 276), (20, 292)])
    for k, colour in enumerate(["#5b4b8a", "#84568f", "#b5668d", "#e08479", "#f5ab6d", "#fbd28b"]):
        page.add(f'<rect x="0" y="{20 + 27 * k}" width="600" height="40" fill="{colour}"/>')
    page.circle(430, 178, 46, "#fff1c4")
    page.circle(430, 178, 38, "#ffe08a")
    page.tone((20, 20, 580, 140), lambda x, y: 0.32 * (1 - (y - 20) / 120), "#2e2557", 5)
    page.add('<rect x="0" y="182" width="600" height="130" fill="#2f5d7c"/>')
    waves(page, 190, 296, "#17344f", 11)
    waves(page, 196, 296, "#7fb2c4", 12)
    pen = random.Random(4)
    for k in range(15):
        y = 188 + 6.6 * k
        x = 430 + pen.uniform(-14, 14)
        reach = 30 - k * 0.7 + pen.uniform(-8, 8)
        page.ink([(x - reach, y), (x - reach / 3, y - 2), (x + reach / 3, y + 1), (x + reach, y - 1)],
                 3.4, "#ffe3a0" if k % 3 else "#f5ab6d")
    lighthouse(page)
    for x, y, s in ((250, 82, 1), (286, 66, 0.7), (318, 92, 0.8), (506, 58, 0.9), (540, 76, 0.6)):
        page.ink([(x - 16 * s, y - 4 * s), (x - 8 * s, y - 9 * s), (x, y), (x + 8 * s, y - 9 * s),
                  (x + 17 * s, y - 5 * s)], 3.2 * s)
    page.caption(26, 254, ["EVENING AT THE HARBOUR."])
    page.close_panel()


def lighthouse(page):
    cliff = [(0, 214), (44, 206), (92, 184), (150, 180), (196, 196), (214, 228), (246, 248),
             (262, 300), (0, 306)]
    page.shape(cliff, "#6d5a4c", "#17131c", 5)
    page.tone((0, 180, 262, 300), lambda x, y: 0.42 if y > 214 + (x - 120) * 0.12 else 0.12,
              "#2c211d", 4.6, 30, path_of(smooth(cliff, 8, True)))
    for points in ([(60, 204), (72, 232), (62, 262)], [(176, 192), (172, 222), (190, 250)],
                   [(120, 186), (128, 214)], [(222, 240), (216, 270)]):
        page.ink(points, 3.4)
    page.fill([(143, 60), (600, 22), (600, 86)], "#fff6c9", opacity=0.35)
    tower = [(112, 184), (122, 78), (150, 78), (160, 184)]
    page.fill(tower, "#f3ead8")
    for k in range(3):
        y = 92 + 33 * k
        w = (y - 78) * 0.094
        page.fill([(122 - w, y), (150 + w, y), (150 + w + 1.6, y + 17), (122 - w - 1.6, y + 17)],
                  "#c9402f")
    page.tone((136, 78, 162, 184), lambda x, y: 0.38, "#17131c", 4.4, 45,
              path_of([(140, 78), (150, 78), (160, 184), (142, 184)]))
    page.ink(tower[:2], 4.4, straight=True, start=0.6, end=0.6)
    page.ink(tower[2:], 5.4, straight=True, start=0.6, end=0.6)
    page.fill([(116, 78), (156, 78), (156, 72), (116, 72)], "#17131c")
    page.fill([(123, 72), (149, 72), (149, 50), (123, 50)], "#ffe98f")
    for x in (123, 132, 140, 149):
        page.ink([(x, 73), (x, 49)], 2.6, straight=True, start=1, end=1)
    page.shape([(117, 52), (136, 32), (155, 52)], "#c9402f", "#17131c", 3.4, 3)


def tiny_page(page, x, y, scale, turn=0):
    """A page held in a hand: panels as small as they feel."""
    page.group(x, y, scale, turn=turn)
    page.fill([(-30, -42), (30, -42), (30, 42), (-30, 42)], "#fff")
    for box, colour in (((-26, -38, 26, -12), "#9cc4d8"), ((-26, -8, -2, 38), "#f0b36a"),
                        ((2, -8, 26, 14), "#b8d08a"), ((2, 18, 26, 38), "#d98c8c")):
        x0, y0, x1, y1 = box
        page.add(f'<rect x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}" fill="{colour}" '
                 f'stroke="#17131c" stroke-width="1.6"/>')
    page.ink([(-20, -18), (-8, -30), (4, -22), (20, -32)], 2.2)
    page.ink([(-20, 30), (-14, 6), (-6, 28)], 2.2)
    page.circle(14, 3, 4.5, "#17131c")
    page.add('<path d="M-30 -42L30 -42L30 42L-30 42Z" fill="none" stroke="#17131c" '
             'stroke-width="2.4"/>')
    page.end()


def small_page_panel(page):
    page.open_panel([(20, 308), (296, 300), (284, 586), (20, 586)])
    page.add('<rect x="0" y="290" width="320" height="310" fill="#9fd3c7"/>')
    page.tone((20, 300, 300, 590), lambda x, y: 0.30 * (y - 330) / 250, "#3f8f86", 6.0)
    girl(page, 128, 470, 0.92, COLOUR, look=4, mood="frown")
    page.shape([(208, 590), (204, 556), (222, 530), (250, 524), (262, 540), (258, 560), (270, 590)],
               COLOUR["skin"], COLOUR["ink"], 4)
    tiny_page(page, 242, 498, 0.74, 12)
    for y in (546, 556):
        page.ink([(224, y), (238, y - 4), (250, y)], 2.4)
    page.bubble(202, 350, 80, 36, (150, 402), ["MY PAGES ARE", "SO SMALL!"], 11, 7)
    page.close_panel()


def cat_panel(page):
    page.open_panel([(312, 299), (580, 292), (580, 586), (300, 586)])
    page.add('<rect x="290" y="280" width="310" height="320" fill="#f6d9a6"/>')
    rays(page, 446, 486, 46, 132, 420, "#eab765", 21, 9)
    cat(page, 424, 500, 0.92, COLOUR, look=3)
    page.ink([(500, 566), (524, 520)], 17, "#17131c", 0.9, 0.7)
    page.ink([(500, 566), (524, 520)], 11, "#8a5a3a", 0.9, 0.7)
    page.circle(538, 482, 41, "#17131c")
    page.circle(538, 482, 36, "#c98c3c")
    page.circle(538, 482, 32, "#e6f5fa")
    page.tone((506, 450, 570, 514), lambda x, y: 0.30 if x + y > 1026 else 0.0, "#5aa0bd", 4.6, 45,
              "M506 482a32 32 0 1 0 64 0a32 32 0 1 0 -64 0")
    page.ink([(516, 476), (522, 462), (536, 456)], 5, "#fff")
    page.shape([(476, 590), (478, 560), (496, 546), (516, 556), (518, 590)], COLOUR["cat"],
               COLOUR["ink"], 4)
    for x in (490, 503):
        page.ink([(x, 548), (x + 1, 562)], 2.6)
    page.bubble(424, 346, 88, 36, (420, 426), ["THEN LET US LOOK", "CLOSER."], 11, 9)
    page.close_panel()


def big_panel(page):
    page.open_panel([(20, 602), (580, 602), (580, 880), (20, 880)])
    page.add('<rect x="0" y="590" width="600" height="300" fill="#f2603f"/>')
    rays(page, 316, 748, 64, 150, 620, "#ffd23f", 5, 13)
    rays(page, 316, 748, 50, 190, 620, "#fff3b8", 6, 6)
    tiny_page(page, 316, 754, 2.4, -5)
    page.group(316, 754, turn=-5)
    page.tone((8, -88, 60, 88), lambda x, y: 0.06 + 0.26 * (x - 8) / 52, "#17131c", 4.8)
    page.end()
    girl(page, 118, 786, 0.84, COLOUR, look=6, mood="awe", turn=4)
    cat(page, 496, 800, 0.80, COLOUR, flip=True, look=4)
    page.sound("FWOOSH!", 306, 620, 38, -4, "#ffd23f", 8)
    page.bubble(492, 690, 76, 36, (494, 746), ["EVERY LINE", "IS THERE!"], 11, 4)
    page.close_panel()


def draw_page(folder):
    page = Page(600, 900, "#fdfaf2")
    harbour(page)
    small_page_panel(page)
    cat_panel(page)
    big_panel(page)
    page.save(os.path.join(folder, "page.svg"))


def city(page, base, seed, colour, low, high, lights):
    pen = random.Random(seed)
    x = 0
    while x < 600:
        width, height = pen.uniform(26, 62), pen.uniform(low, high)
        page.fill([(x, base), (x, base - height), (x + width, base - height), (x + width, base)],
                  colour)
        if pen.random() < 0.4:
            page.ink([(x + width / 2, base - height), (x + width / 2, base - height - 18)], 2.5,
                     colour, 1, 0.4, True)
        for row in range(int(height / 14)):
            for column in range(int(width / 11)):
                if lights and pen.random() < 0.28:
                    page.add(f'<rect x="{x + 5 + 11 * column:.1f}" '
                             f'y="{base - height + 7 + 14 * row:.1f}" width="5" height="7" '
                             f'fill="#fff"/>')
        x += width + pen.uniform(-4, 5)


def night_panel(page):
    page.open_panel([(20, 20), (580, 20), (580, 238), (20, 262)])
    page.tone((20, 20, 580, 262), lambda x, y: 0.86 - 0.80 * (y - 20) / 200, "#111", 4.8)
    page.circle(452, 82, 36, "#fff")
    page.circle(440, 74, 6, "#ddd")
    page.circle(462, 92, 8, "#ddd")
    city(page, 262, 31, "#9a9a9a", 60, 128, False)
    city(page, 262, 32, "#1a1a1a", 34, 92, True)
    page.caption(32, 32, ["MIDNIGHT.", "THE LAST TRAIN HAS LEFT."], 9.5, "#fff")
    page.close_panel()


def face_panel(page):
    page.open_panel([(20, 278), (330, 264), (300, 560), (20, 560)])
    rays(page, 160, 430, 120, 150, 420, "#111", 41, 3.2)
    page.tone((20, 440, 330, 560), lambda x, y: 0.34 * (y - 440) / 120, "#111", 4.6)
    girl(page, 160, 420, 1.02, GREY, look=5, mood="awe")
    page.sound("GASP!", 84, 302, 26, -14, "#111", 2)
    page.close_panel()


def cat_shadow_panel(page):
    page.open_panel([(346, 263), (580, 253), (580, 560), (316, 560)])
    page.add('<rect x="300" y="240" width="300" height="330" fill="#141414"/>')
    page.tone((310, 250, 580, 560),
              lambda x, y: 0.9 * math.exp(-((x - 462) ** 2 + (y - 470) ** 2) / 11000), "#fff", 5)
    cat(page, 462, 470, 0.86, GREY, look=-3)
    page.tone((380, 420, 470, 560), lambda x, y: 0.34, "#111", 4.4, 45,
              path_of(smooth([(400, 440), (396, 476), (420, 506), (404, 560), (440, 560),
                              (440, 510), (424, 470)], 8, True)))
    page.bubble(470, 324, 80, 40, (462, 414), ["YOU DROPPED", "THIS PAGE."], 11, 5)
    page.close_panel()


def runner(page, x, y, scale):
    """A running figure in silhouette with lit edges."""
    page.group(x, y, scale)
    for points, width in (([(-6, 10), (-48, 34), (-76, 6)], 19), ([(0, 62), (-44, 92), (-92, 80)], 25),
                          ([(6, 60), (46, 88), (36, 140)], 25), ([(8, 14), (46, 42), (78, 22)], 18)):
        page.ink(points, width, "#111", 0.9, 0.62)
    for x, y, turn in ((-96, 74, 62), (36, 142, 4)):
        page.group(x, y, turn=turn)
        page.shape([(-9, -10), (8, -10), (14, 2), (32, 8), (30, 18), (-10, 17)], "#fff", "#111", 3.5,
                   4)
        page.end()
    page.shape([(-18, 2), (16, -4), (24, 40), (16, 74), (-14, 76), (-20, 40)], "#1a1a1a", "#111", 4)
    page.shape([(-4, -58), (-26, -40), (-24, -14), (4, -4), (26, -16), (24, -44)], "#fff", "#111", 4)
    page.shape([(26, -46), (2, -64), (-26, -52), (-58, -58), (-44, -40), (-74, -32), (-46, -24),
                (-62, -10), (-26, -12), (-10, -34)], "#1a1a1a", "#111", 3.5, 5)
    page.ink([(12, -32), (14, -22)], 4)
    page.ink([(14, -14), (22, -16)], 2.4)
    page.shape([(-22, -2), (18, -8), (20, 6), (-20, 10), (-70, -6), (-110, 8), (-96, -10),
                (-64, -18)], "#e4e4e4", "#111", 3.5)
    page.shape([(70, 10), (104, 2), (108, 40), (76, 46)], "#fff", "#111", 3, 1)
    for k in range(3):
        page.ink([(78, 18 + 8 * k), (100, 13 + 8 * k)], 1.8)
    page.end()


def dash_panel(page):
    pen = random.Random(77)
    page.open_panel([(20, 576), (580, 576), (580, 880), (20, 880)])
    page.tone((20, 576, 580, 880), lambda x, y: 0.55 * max(0.0, 1 - abs(y - 600) / 150), "#111", 4.8)
    page.tone((20, 820, 580, 880), lambda x, y: 0.12 + 0.5 * (y - 820) / 60, "#111", 4.8)
    for k in range(110):
        y = pen.uniform(580, 878)
        x = pen.uniform(-80, 560)
        length = pen.uniform(60, 340)
        page.fill([(x, y), (x + length, y - pen.uniform(0.6, 2.6)), (x + length, y + 0.8)],
                  "#111" if pen.random() < 0.75 else "#fff")
    page.fill(smooth([(40, 862), (200, 852), (420, 850), (560, 858), (420, 872), (160, 874)], 8,
                     True), "#111")
    runner(page, 282, 722, 0.98)
    page.sound("DASH!", 452, 600, 52, 6, "#111", 6)
    page.bubble(116, 640, 80, 38, (236, 694), ["WAIT! I WANT", "TO READ IT!"], 11, 12)
    page.close_panel()


def draw_manga(folder):
    page = Page(600, 900)
    night_panel(page)
    face_panel(page)
    cat_shadow_panel(page)
    dash_panel(page)
    page.save(os.path.join(folder, "manga.svg"))


def fine(page, points, width=1.6, colour="#17131c"):
    page.ink(points, width, colour, 0.4, 0.4)


def strip_room(page):
    """A desk at a window: fine lines on white, pale colours."""
    page.open_panel([(0, 0), (480, 0), (480, 470), (0, 470)])
    page.add('<linearGradient id="wall" x1="0" y1="0" x2="0" y2="1"><stop offset="0" '
             'stop-color="#fbeee6"/><stop offset="1" stop-color="#ffffff"/></linearGradient>'
             '<rect width="480" height="470" fill="url(#wall)"/>')
    page.add('<rect x="262" y="40" width="178" height="214" fill="#cfe6f2" stroke="#17131c" '
             'stroke-width="2"/>')
    for k, (x, height) in enumerate(((270, 74), (304, 110), (342, 86), (378, 132), (412, 96))):
        page.add(f'<rect x="{x}" y="{252 - height}" width="26" height="{height}" '
                 f'fill="{"#b4cad8" if k % 2 else "#c2d6e2"}"/>')
        for y in range(258 - height, 244, 11):
            fine(page, [(x + 4, y), (x + 22, y)], 1.1, "#7f99aa")
    for points in ([(351, 40), (351, 254)], [(262, 142), (440, 142)], [(250, 258), (452, 258)]):
        page.ink(points, 2.2, "#17131c", 1, 1, True)
    for k in range(9):
        x = 26 + 20 * k
        page.add(f'<rect x="{x}" y="{72 + 7 * (k % 3)}" width="17" height="{88 - 7 * (k % 3)}" '
                 f'fill="{("#e7a9a0", "#a9c7b4", "#e8d39a", "#b3b6dc")[k % 4]}" stroke="#17131c" '
                 f'stroke-width="1.5"/>')
        fine(page, [(x + 4, 92), (x + 13, 92)], 1.2)
        fine(page, [(x + 4, 98), (x + 13, 98)], 1.2)
    page.ink([(16, 161), (220, 161)], 2.2, "#17131c", 1, 1, True)
    girl(page, 176, 338, 0.62, COLOUR, look=5)
    page.fill([(0, 420), (480, 404), (480, 470), (0, 470)], "#d9b58c")
    for k in range(7):
        fine(page, [(0, 428 + 7 * k), (160, 423 + 7 * k), (330, 421 + 7 * k), (480, 413 + 7 * k)], 1.1,
             "#a97f55")
    tiny_page(page, 300, 408, 0.62, 68)
    page.bubble(356, 316, 92, 32, (250, 330), ["ONE MORE CHAPTER", "BEFORE BED."], 10, 14)
    page.close_panel(0.01)


def strip_fall(page):
    """White space, and a page that drifts down through it."""
    for x, y, scale, turn in ((150, 548, 0.5, -18), (250, 640, 0.62, 24), (186, 748, 0.74, -32)):
        tiny_page(page, x, y, scale, turn)
        for k in range(3):
            fine(page, [(x - 26 + 22 * k, y - 74), (x - 24 + 22 * k, y - 48)], 1.3, "#8a8f9c")
    page.bubble(352, 560, 84, 30, (290, 610), ["WHERE DOES THE", "WIND GO?"], 10, 21)


def strip_cat(page):
    page.add('<linearGradient id="dusk" x1="0" y1="0" x2="0" y2="1"><stop offset="0" '
             'stop-color="#ffffff"/><stop offset="0.35" stop-color="#d8d3ee"/><stop offset="1" '
             'stop-color="#8f86c4"/></linearGradient>'
             '<rect y="800" width="480" height="600" fill="url(#dusk)"/>')
    for x, y, r in ((92, 1000, 2), (210, 962, 1.6), (330, 1020, 2.2), (420, 968, 1.5), (148, 1088, 1.8)):
        page.circle(x, y, r, "#fff")
    page.circle(374, 1096, 46, "#fff7dc")
    for k in range(5):
        page.fill([(0, 1296 + 22 * k), (480, 1262 + 22 * k), (480, 1286 + 22 * k), (0, 1320 + 22 * k)],
                  "#6d5f88" if k % 2 else "#77688f")
        for x in range(8 + 14 * (k % 2), 480, 28):
            fine(page, [(x, 1297 + 22 * k - x * 0.071), (x + 1, 1318 + 22 * k - x * 0.071)], 1.3)
        fine(page, [(0, 1297 + 22 * k), (240, 1280 + 22 * k), (480, 1263 + 22 * k)], 1.5)
    cat(page, 176, 1190, 0.72, COLOUR, look=4)
    tiny_page(page, 262, 1246, 0.8, 16)
    page.bubble(312, 898, 96, 30, (226, 1110), ["TO SOMEBODY WHO", "READS IT."], 10, 31)


def draw_strip(folder):
    page = Page(480, 1400)
    strip_room(page)
    strip_fall(page)
    strip_cat(page)
    page.save(os.path.join(folder, "strip.svg"))


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    draw_page(here)
    draw_manga(here)
    draw_strip(here)
    draw_painting(here)
