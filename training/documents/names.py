"""Names that cannot be memorised: syllables and characters thrown together into people, codes and addresses."""

from __future__ import annotations

from random import Random

from training.documents.chance import listed, pick, upto

_ONSETS = listed("b c d f g h k l m n p r s t v w z br cl dr fl gr kr pl pr sh sl st th tr qu j ")
_VOWELS = ["a", "e", "i", "o", "u", "a", "e", "i", "o", "ai", "ea", "io", "ou"]
_CODAS = ("", "", "", "n", "r", "l", "s", "x", "m", "nd", "rk", "th", "ck", "st")
_HEX = "0123456789abcdef"
_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_PARTS = listed(
    "pay auth log data user order cache sync node job task mail push rank feed auto edge core file meta quota "
    "stock route media index batch event metric trace alarm backup config upload export import report search "
    "session token ledger billing gate proxy shard stream queue sched audit probe relay "
)
_ACTIONS = listed(
    "upgrade check sync load flush merge split scan fetch reset build probe verify rotate replay submit cancel "
    "restore publish collect migrate drain notify refresh resolve dispatch archive "
)
_TLDS = ("com", "net", "org", "io", "cn", "dev", "example", "local", "internal", "lan")
_SUFFIXES = ("log", "conf", "yaml", "json", "db", "bin", "csv", "txt", "sock", "pid", "tar.gz", "xml", "toml", "pem")
_ROOTS = ("/var/log", "/etc", "/opt", "/srv", "/data", "/home", "/usr/local", "/mnt", "/run", "D:/work", "/tmp")

_SURNAMES_ZH = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴"
    "夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文欧阳"
)
_GIVEN_ZH = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰梅红建国志文海波晓东子涵雨轩浩然思远佳怡梓萱俊宇欣嘉诚若"
    "溪一鸣清扬书瑶景行知夏云帆牧之南星以宁望舒承泽亦凡启元"
)
_CHARS_ZH = (
    "澜川青屿云岭星海北辰望岳听雨扶摇长风凌霄鸿图启明天枢玉衡开阳瑶光紫微沧浪松涛竹影梅溪兰亭菊圃荷塘柳岸枫桥石磊"
    "金戈铁马银河铜陵锦程绣谷丹霞赤峰白鹭黄山蓝田绿洲墨池朱雀玄武麒麟鲲鹏灵犀远帆晨曦暮霭朝阳夕照春晖秋实冬青夏荷"
    "东篱西江南浦中原安澜泰和顺昌隆盛恒通博雅致远宏达新元同济"
)
_GIVEN_EN = listed(
    "Ada Bruno Clara Dmitri Elena Farid Greta Hugo Ingrid Jonas Keiko Liam Marta Nadia Owen Priya Quentin Rosa "
    "Stefan Tessa Umar Vera Wanda Xavier Yusuf Zoe Amara Boris Celia Dario Edith Felix Gwen Harold Iris Jasper "
    "Kamil Leona Milo Nora "
)
_COMPANY_EN = ("Ltd", "Inc.", "GmbH", "LLC", "Group", "Systems", "Logistics", "Instruments", "Foundry", "Partners")
_COMPANY_ZH = listed(
    "科技有限公司 信息技术有限公司 软件股份有限公司 物流有限公司 电子设备厂 建设集团有限公司 仪器有限责任公司 "
    "贸易有限公司 能源股份有限公司 食品有限公司 咨询有限公司 机械制造有限公司 "
)
_CITIES_ZH = "北京上海广州深圳杭州南京成都武汉西安苏州天津重庆长沙青岛大连厦门宁波合肥郑州昆明济南福州沈阳兰州"
_ROADS_ZH = ("路", "大道", "街", "巷")
_PLACES_EN = ["Street", "Road", "Avenue", "Lane", "Square", "Quay", "Court", "Hill"]


def latin(rng: Random) -> str:
    """A pronounceable lower-case word of two or three syllables."""
    word = pick(rng, _ONSETS) + pick(rng, _VOWELS) + pick(rng, _CODAS) + pick(rng, _ONSETS) + pick(rng, _VOWELS)
    return word + pick(rng, _CODAS) if rng.random() < 0.7 else word + pick(rng, _ONSETS) + pick(rng, _VOWELS)


def hexadecimal(rng: Random, length: int) -> str:
    """`length` lower-case hexadecimal digits."""
    return f"{rng.getrandbits(4 * length):0{length}x}"


def code(rng: Random) -> str:
    """A short code as on labels and orders: letters and digits."""
    style, number = int(rng.random() * 7), upto(rng, 100, 999999)
    head = pick(rng, _UPPER) + pick(rng, _UPPER)
    if style == 0:
        return f"{head}{number:06d}"
    if style == 1:
        return f"{head}-{number % 10000:04d}"
    if style == 2:
        return f"{pick(rng, _PARTS)[:2]}-{hexadecimal(rng, 4)}"
    if style == 3:
        return f"{head[0]}{number % 1000}"
    if style == 4:
        return f"{head}{pick(rng, _UPPER)}-{2015 + number % 12}-{number % 1000:03d}"
    if style == 5:
        return f"{head}_{pick(rng, _ACTIONS).capitalize()}"
    return f"{head[0]}-{number % 100:02d}{head[1]}"


def identifier(rng: Random) -> str:
    """A name as programs and operators give it: kebab, snake, camel or upper case."""
    first, second = pick(rng, _PARTS), latin(rng) if rng.random() < 0.6 else pick(rng, _ACTIONS)
    if rng.random() < 0.5:
        first, second = (latin(rng), first) if rng.random() < 0.5 else (first, second)
    style = int(rng.random() * 5)
    if style == 0:
        return f"{first}-{second}"
    if style == 1:
        return f"{first}_{second}"
    if style == 2:
        return first.capitalize() + second.capitalize()
    if style == 3:
        return f"{first}-{second}-{upto(rng, 1, 99):02d}"
    return first + second.capitalize()


def camel(rng: Random) -> str:
    """A CamelCase name as interfaces have them: a verb and a thing."""
    return (
        pick(rng, _ACTIONS).capitalize()
        + latin(rng).capitalize()
        + (pick(rng, _PARTS).capitalize() if rng.random() < 0.5 else "")
    )


def constant(rng: Random) -> str:
    """An UPPER_CASE name."""
    return f"{latin(rng)}_{pick(rng, _PARTS)}".upper()


def snake(rng: Random) -> str:
    """A snake_case name."""
    return f"{pick(rng, _ACTIONS)}_{latin(rng)}" if rng.random() < 0.6 else f"{latin(rng)}_{pick(rng, _PARTS)}"


def host(rng: Random) -> str:
    """A host name."""
    tail = pick(rng, _TLDS)
    if rng.random() < 0.5:
        return f"{latin(rng)}.{latin(rng)}.{tail}"
    return f"{pick(rng, _PARTS)}{upto(rng, 1, 40)}.{latin(rng)}.{tail}"


def path(rng: Random) -> str:
    """A file path."""
    middle = pick(rng, _PARTS) if rng.random() < 0.5 else latin(rng)
    if rng.random() < 0.3:
        return f"{pick(rng, _ROOTS)}/{middle}"
    return f"{pick(rng, _ROOTS)}/{middle}/{latin(rng)}.{pick(rng, _SUFFIXES)}"


def url(rng: Random) -> str:
    """A URL with a path, sometimes a port."""
    scheme = pick(rng, ("https", "https", "http", "wss", "redis", "tcp"))
    port = f":{upto(rng, 1024, 65000)}" if rng.random() < 0.4 else ""
    return f"{scheme}://{host(rng)}{port}/{pick(rng, _PARTS)}" + (f"/{latin(rng)}" if rng.random() < 0.4 else "")


def endpoint(rng: Random) -> str:
    """The path of an HTTP interface."""
    tail = pick(rng, ("", "", "/{id}", f"/{pick(rng, _ACTIONS)}"))
    return f"/v{upto(rng, 1, 4)}/{latin(rng)}/{pick(rng, _PARTS)}s{tail}"


def email(rng: Random) -> str:
    """An e-mail address."""
    return f"{latin(rng)}@{latin(rng)}.{pick(rng, _TLDS)}"


def person_zh(rng: Random) -> str:
    """A Chinese name of two or three characters."""
    given = pick(rng, _GIVEN_ZH) + (pick(rng, _GIVEN_ZH) if rng.random() < 0.75 else "")
    return pick(rng, _SURNAMES_ZH[:-2]) + given


def person_en(rng: Random) -> str:
    """A given name and an invented surname."""
    return f"{pick(rng, _GIVEN_EN)} {latin(rng).capitalize()}"


def brand_zh(rng: Random) -> str:
    """Two characters that could be a product or place name."""
    return pick(rng, _CHARS_ZH) + pick(rng, _CHARS_ZH)


def company_zh(rng: Random) -> str:
    """A Chinese company."""
    city = 2 * int(rng.random() * (len(_CITIES_ZH) // 2))
    return (_CITIES_ZH[city : city + 2] if rng.random() < 0.6 else "") + brand_zh(rng) + pick(rng, _COMPANY_ZH)


def company_en(rng: Random) -> str:
    """An invented company."""
    return f"{latin(rng).capitalize()} {pick(rng, _COMPANY_EN)}"


def place_zh(rng: Random) -> str:
    """A Chinese address or room."""
    city = 2 * int(rng.random() * (len(_CITIES_ZH) // 2))
    if rng.random() < 0.4:
        return f"{pick(rng, 'ABCDE东西南北')}座{upto(rng, 101, 2650)}室"
    return f"{_CITIES_ZH[city : city + 2]}市{brand_zh(rng)}{pick(rng, _ROADS_ZH)}{upto(rng, 1, 999)}号"


def place_en(rng: Random) -> str:
    """An English address or room."""
    if rng.random() < 0.4:
        return f"room {pick(rng, 'ABCDE')}{upto(rng, 101, 950)}"
    return f"{upto(rng, 1, 400)} {latin(rng).capitalize()} {pick(rng, _PLACES_EN)}"
