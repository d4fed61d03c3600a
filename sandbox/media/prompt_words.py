"""Vocabulary of prompts: the visible things and the sounds they name, in English and both Chinese scripts."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

#: how close (in characters) a colour or an adjective must stand before the word it belongs to
REACH = 28

TIMES = {
    "dawn": "dawn sunrise daybreak morning 黎明 日出 清晨 早晨 早上 破曉 破晓",
    "day": "day daytime noon afternoon sunny midday 白天 中午 正午 下午 晴天 晴朗 陽光 阳光",
    "sunset": "sunset sundown golden-hour golden 日落 夕陽 夕阳 黃昏 黄昏 晚霞 傍晚",
    "dusk": "dusk twilight evening gloaming blue-hour 薄暮 暮色 暮光",
    "night": "night midnight nighttime nocturnal moonlit moonlight starlit starry dark 夜 夜晚 夜空 夜裡 "
    "夜里 晚上 午夜 深夜 月夜",
}
ELEMENTS = {
    "sea": "sea ocean waves wave coast seaside harbor harbour bay tide underwater 海 大海 海洋 海邊 海边 "
    "海浪 海岸 港口 海面",
    "beach": "beach shore sand tropical island 沙灘 沙滩 海灘 海滩 島 岛",
    "lake": "lake pond lagoon reflection 湖 湖泊 池塘 湖水 倒影",
    "river": "river stream brook creek waterfall 河 河流 溪 小溪 江 瀑布",
    "mountain": "mountain mountains peak peaks alps alpine summit volcano cliff 山 高山 山脈 山脉 雪山 "
    "山峰 群山 富士山",
    "hill": "hill hills valley countryside grassland field prairie 丘陵 山丘 小山 山谷 草原 田野 田 鄉村 乡村 草地",
    "forest": "forest woods wood jungle trees pine pines woodland 森林 樹林 树林 林 叢林 丛林 林間 林间 松樹 松树",
    "desert": "desert dune dunes sahara cactus 沙漠 沙丘 戈壁",
    "city": "city town skyline street downtown skyscraper skyscrapers cityscape urban metropolis "
    "cyberpunk buildings neon"
    "tokyo taipei 城市 都市 城 街道 街 大樓 大楼 高樓 高楼 摩天大樓 摩天大楼 台北 東京 霓虹",
    "snow": "snow snowy snowfall winter blizzard icy ice frozen christmas 雪 下雪 雪地 雪景 冬 冬天 冬季 聖誕 圣诞",
    "rain": "rain rainy raining drizzle shower storm stormy 雨 下雨 雨天 雨中 暴雨 暴風雨 暴风雨",
    "fog": "fog foggy mist misty haze hazy 霧 雾 薄霧 薄雾 朦朧 朦胧",
    "cloud": "cloud clouds cloudy overcast 雲 云 雲朵 云朵 多雲 多云 白雲 白云",
    "sky": "sky 天空 藍天 蓝天",
    "flower": "flower flowers meadow garden blossom tulip tulips rose roses lavender sunflower sunflowers "
    "spring floral"
    "花 花朵 花園 花园 花海 花田 玫瑰 薰衣草 向日葵 春天 鬱金香 郁金香",
    "sakura": "sakura cherry 櫻花 樱花 櫻 樱",
    "moon": "moon lunar moonlit moonlight crescent 月 月亮 月光 滿月 满月 月夜",
    "star": "star stars starry starlit milky galaxy 星 星星 星空 銀河 银河 繁星",
    "aurora": "aurora borealis 極光 极光",
    "rainbow": "rainbow 彩虹",
    "lightning": "lightning thunder thunderstorm storm stormy 暴風雨 暴风雨 閃電 闪电 雷 雷雨 雷電 雷电",
    "space": "space cosmos universe planet nebula astronaut 太空 宇宙 星球 行星 星雲 星云 太空人 宇航員 宇航员",
    "autumn": "autumn fall maple 秋 秋天 秋季 楓葉 枫叶 楓 枫",
    "sun": "sun 太陽 太阳",
}
SUBJECTS = {
    "fox": "fox foxes 狐狸 狐",
    "cat": "cat cats kitten kitty kittens 貓 猫 貓咪 猫咪 小貓 小猫",
    "dog": "dog dogs puppy puppies corgi shiba 狗 小狗 犬 柴犬 狗狗",
    "rabbit": "rabbit rabbits bunny bunnies hare 兔 兔子 白兔",
    "bird": "bird birds seagull seagulls eagle gull swallow 鳥 鸟 小鳥 小鸟 海鷗 海鸥 鷹 鹰 燕子",
    "fish": "fish fishes goldfish koi 魚 鱼 金魚 金鱼 錦鯉 锦鲤",
    "person": "person man woman girl boy child people traveler traveller hiker astronaut samurai knight wanderer "
    "人 女孩 男孩 小孩 孩子 男人 女人 旅人 少女 少年 太空人 宇航員 宇航员 武士 騎士 骑士",
    "robot": "robot robots android droid mech 機器人 机器人 機械人 机械人",
    "tree": "tree oak willow palm 樹 树 大樹 大树 老樹 老树 樹木 树木",
    "rocket": "rocket rockets spaceship spacecraft shuttle 火箭 太空船 飛船 飞船",
    "car": "car cars automobile vehicle taxi 車 车 汽車 汽车 跑車 跑车 轎車 轿车",
    "house": "house cottage cabin home hut farmhouse village 房子 房屋 屋 小屋 木屋 家 村 村莊 村庄",
    "boat": "boat boats sailboat ship yacht sail sailing sailboats 船 小船 帆船 船隻 船只",
    "lighthouse": "lighthouse lighthouses 燈塔 灯塔",
    "balloon": "balloon balloons 氣球 气球 熱氣球 热气球",
    "flag": "flag flags 旗 旗子 旗幟 旗帜 國旗 国旗",
    "logo": "logo logos emblem badge icon 標誌 标志 商標 商标 圖示 图标 徽章",
    "map": "map maps atlas 地圖 地图 藏寶圖 藏宝图",
    "diagram": "diagram diagrams flowchart chart schematic infographic 流程圖 流程图 示意圖 示意图 圖表 图表",
    "card": "card cards invitation postcard 卡片 賀卡 贺卡 生日卡 邀請函 邀请函 明信片",
    "portrait": "portrait portraits headshot selfie avatar face 肖像 人像 大頭照 大头照 自拍 頭像 头像 臉 脸",
    "pizza": "pizza pizzas 披薩 披萨 比薩",
    "cake": "cake cakes birthday 蛋糕 生日",
    "bowl": "food meal dish dinner lunch soup noodle noodles ramen bowl 食物 美食 料理 餐 晚餐 午餐 湯 汤 麵 拉麵 "
    "拉面 面條 面条",
    "cup": "cup cups mug coffee espresso latte tea 杯 杯子 咖啡 咖啡店 茶",
    "bottle": "bottle bottles perfume product packaging 瓶 瓶子 香水 產品 产品 商品 包裝 包装",
}
#: subjects that are a picture of their own, wherever the prompt puts them
DESIGNS = frozenset({"logo", "map", "diagram", "card", "portrait"})
#: subjects that stand on a table, where the prompt names no other place
DISHES = frozenset({"pizza", "cake", "bowl", "cup", "bottle"})
DISTANCES = {
    "near": "close-up closeup macro 特寫 特写",
    "far": "wide-angle panorama panoramic 遠景 远景 全景",
}
ACTIONS = {"watering": "watering waters irrigating 澆水 浇水 澆花 浇花 澆 浇"}
COLOURS = {
    "red": "red crimson scarlet 紅 红 紅色 红色",
    "orange": "orange 橙 橙色 橘 橘色",
    "yellow": "yellow 黃 黄 黃色 黄色",
    "green": "green emerald 綠 绿 綠色 绿色",
    "blue": "blue azure navy 藍 蓝 藍色 蓝色",
    "purple": "purple violet lilac 紫 紫色",
    "pink": "pink 粉 粉紅 粉红 粉色 粉紅色 粉红色",
    "white": "white 白 白色",
    "black": "black 黑 黑色",
    "grey": "grey gray silver 灰 灰色 銀色 银色",
    "brown": "brown 棕 棕色 褐色 咖啡色",
    "gold": "gold 金色",
    "teal": "teal turquoise cyan 青 青色",
}
SOUNDS = {
    "rain": ELEMENTS["rain"] + " raindrops 雨聲 雨声",
    "thunder": "thunder thunderstorm lightning storm thundering 雷 雷聲 雷声 打雷 雷雨 閃電 闪电 雷電 "
    "雷电 暴風雨 暴风雨",
    "wind": "wind windy breeze gale blizzard snow snowy desert 風 风 風聲 风声 微風 微风 雪 沙漠",
    "ocean": "ocean sea wave waves surf beach seaside coast tide 海 海浪 海洋 大海 海邊 海边 沙灘 沙滩 波浪 浪 潮",
    "birds": "bird birds birdsong chirping morning dawn forest jungle meadow garden spring "
    "鳥 鸟 鳥鳴 鸟鸣 鳥叫 鸟叫 鳥聲 鸟声 森林 清晨 早晨 花園 花园 春天",
    "fire": "fire fireplace campfire bonfire crackling hearth flames 火 營火 营火 篝火 壁爐 壁炉 火焰 柴火",
    "stream": "stream river brook creek waterfall water fountain 溪 小溪 河 河流 流水 溪流 瀑布 水聲 水声 泉",
    "crickets": "cricket crickets night nighttime midnight cicada cicadas insects 蟋蟀 蟲 虫 蟲鳴 虫鸣 夜 "
    "夜晚 夏夜 蟬 蝉",
    "city": "city traffic street urban cafe crowd town 城市 街道 街 都市 車流 车流 交通 咖啡廳 咖啡厅",
    "music": "music song melody piano guitar tune ambient lullaby jazz orchestra relaxing meditation harp lofi lo-fi "
    "音樂 音乐 歌 旋律 鋼琴 钢琴 吉他 曲 曲子 樂曲 乐曲 冥想 搖籃曲 摇篮曲 放鬆 放松",
    "drums": "drum drums beat beats percussion rhythm techno hip-hop dance 鼓 鼓聲 鼓声 節奏 节奏 節拍 节拍 打擊 打击",
    "bells": "bell bells chime chimes church gong temple 鐘 钟 鐘聲 钟声 鈴 铃 鈴聲 铃声 風鈴 风铃",
    "tone": "tone sine hz hertz beep 音調 音调 正弦 正弦波 赫茲 赫兹",
}
MOODS = {
    "happy": "happy joyful cheerful upbeat bright fun playful energetic 快樂 快乐 歡樂 欢乐 開心 开心 "
    "歡快 欢快 輕快 轻快",
    "sad": "sad melancholy melancholic sorrowful gloomy lonely 悲傷 悲伤 憂傷 忧伤 傷感 伤感 難過 难过 孤獨 孤独",
    "calm": "calm peaceful relaxing quiet soothing serene ambient 平靜 平静 寧靜 宁静 安靜 安静 放鬆 放松 舒緩 舒缓",
}
LOUDNESS = {
    "soft": "gentle soft light quiet faint distant calm far 輕 轻 輕柔 轻柔 柔和 微 細 细 小 遠 远 遠處 远处 遙遠 遥远",
    "loud": "heavy loud strong violent intense roaring torrential 大 強 强 暴 猛烈 狂 響亮 响亮 劇烈 剧烈",
    "behind": "background distance afar 背景 遠方 远方",
}
_CJK = re.compile(r"[\u3400-\u9fff]")
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")


@dataclass(frozen=True, slots=True)
class Hit:
    """A concept found in a prompt at a character position."""

    start: int
    end: int
    concept: str


@dataclass(frozen=True, slots=True)
class VisualPrompt:
    """The visible things that a prompt asks for."""

    time: str | None
    elements: frozenset[str]
    subjects: tuple[str, ...]  #: in the prompt's order, each once
    colours: Mapping[str, str]  #: concept → colour name; "" is the picture as a whole
    actions: frozenset[str]
    distance: str  #: of the camera, one of `DISTANCES`; "" is the usual one

    @property
    def known(self) -> bool:
        """Whether any word of the prompt can be shown."""
        return bool(self.time or self.elements or self.subjects)


@dataclass(frozen=True, slots=True)
class SoundPrompt:
    """The sounds that a prompt asks for."""

    sounds: Mapping[str, float]  #: sound → loudness, 1.0 is ordinary
    mood: str
    frequency: float  #: of a tone, in hertz


def seed(*parts: object) -> int:
    """Return the same 64-bit number for the same parts on every machine and in every process."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def find(prompt: str, vocabulary: Mapping[str, str]) -> list[Hit]:
    """Return every concept of `vocabulary` in `prompt`, in order; of overlapping Chinese words the longest wins."""
    text = prompt.lower()
    table: dict[str, list[str]] = {}
    for concept, words in vocabulary.items():
        for word in words.split():
            table.setdefault(word, []).append(concept)
    hits = [
        Hit(m.start(), m.end(), c) for m in _WORD.finditer(text) for form in _forms(m[0]) for c in table.get(form, ())
    ]
    used = [False] * len(text)
    for word in sorted((w for w in table if _CJK.match(w)), key=len, reverse=True):
        for at in _positions(text, word):
            if not any(used[at : at + len(word)]):
                used[at : at + len(word)] = [True] * len(word)
                hits += [Hit(at, at + len(word), concept) for concept in table[word]]
    return sorted(hits, key=lambda hit: hit.start)


def words_shown(prompt: str) -> list[str]:
    """Return the words of `prompt` that a picture or video is made from, in their order, each once."""
    return _words(prompt, {**ELEMENTS, **SUBJECTS, **TIMES, **DISTANCES, **ACTIONS, **COLOURS})


def words_heard(prompt: str) -> list[str]:
    """Return the words of `prompt` that a sound is made from, in their order, each once."""
    return _words(prompt, SOUNDS)


def _words(prompt: str, vocabulary: Mapping[str, str]) -> list[str]:
    return list(dict.fromkeys(prompt[hit.start : hit.end] for hit in find(prompt, vocabulary)))


def _forms(word: str) -> Iterator[str]:
    yield word
    if "-" in word:
        yield from word.split("-")


def _positions(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def parse_scene(prompt: str) -> VisualPrompt:
    """Parse the visible things that `prompt` asks for."""
    hits = find(prompt, {**ELEMENTS, **SUBJECTS, **{f"time:{name}": words for name, words in TIMES.items()}})
    names = [hit.concept for hit in hits]
    times = [name.removeprefix("time:") for name in names if name.startswith("time:")]
    colours: dict[str, str] = {}
    for colour in find(prompt, COLOURS):
        after = [hit for hit in hits if 0 <= hit.start - colour.end <= REACH and not hit.concept.startswith("time:")]
        subjects = [hit for hit in after if hit.concept in SUBJECTS]
        close = [hit for hit in after if hit.start - colour.end <= 2]  # noqa: PLR2004 - right before its word, 的 between
        chosen = close or subjects or after
        colours.setdefault(chosen[0].concept if chosen else "", colour.concept)
    return VisualPrompt(
        time=_strongest(times),
        elements=frozenset(name for name in names if name in ELEMENTS),
        subjects=tuple(dict.fromkeys(name for name in names if name in SUBJECTS)),
        colours=colours,
        actions=frozenset(hit.concept for hit in find(prompt, ACTIONS)),
        distance=next((hit.concept for hit in find(prompt, DISTANCES)), ""),
    )


def _strongest(times: list[str]) -> str | None:
    """Return the time of day that shows most, where a prompt names several ("a sunny day before the sunset")."""
    return next((time for time in ("sunset", "dusk", "night", "dawn", "day") if time in times), None)


def parse_sounds(prompt: str) -> SoundPrompt:
    """Parse the sounds that `prompt` asks for; without any it is calm music."""
    sounds: dict[str, float] = {}
    loudness = find(prompt, LOUDNESS)
    for hit in find(prompt, SOUNDS):
        level = 1.0
        for near in loudness:
            if near.concept == "behind":
                level *= 0.6 if 0 <= near.start - hit.end <= REACH else 1.0
            elif 0 <= hit.start - near.end <= 3:  # noqa: PLR2004 - an adjective stands right before its word
                level *= 0.55 if near.concept == "soft" else 1.6
        sounds.setdefault(hit.concept, level)
    moods = [hit.concept for hit in find(prompt, MOODS)]
    number = re.search(r"(\d+(?:\.\d+)?)\s*(k?)(?:hz|hertz|赫)", prompt.lower())
    frequency = float(number[1]) * (1000 if number[2] else 1) if number else 440.0
    if number:
        sounds.setdefault("tone", 1.0)
    return SoundPrompt(
        sounds=sounds or {"music": 1.0},
        mood=moods[0] if moods else "calm",
        frequency=min(max(frequency, 20.0), 16000.0),
    )
