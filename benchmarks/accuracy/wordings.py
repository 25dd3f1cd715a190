"""Owns the words of planted facts: none of the sentences or questions is one that the reader is trained on.

`{e}` is the entity, `{k}` the key, `{v}` the value. A key comes with the kind of its values and with a question of its
own, where it has one.
"""

from __future__ import annotations

STATEMENTS = {
    "zh": (
        "{e}｜{k}｜{v}",
        "【{e}】{k} = {v}",
        "{k}（{e}）……{v}",
        "复测之后，{e}的{k}落在{v}。",
        "凡涉及{e}之处，{k}一概写作{v}。",
        "至于{e}，{k}就照{v}执行，不再另议。",
        "有关{e}的{k}，此前说法不一，最终敲定{v}。",
        "{e}一栏里，{k}填的是{v}，与底稿无异。",
        "老员工都记得{e}的{k}：正是{v}。",
        "{e}启用当天，{k}便改回了{v}。",
        "翻遍往来函件，{e}的{k}只出现过{v}这一种写法。",
    ),
    "en": (
        "{e} | {k} | {v}",
        "[{e}] {k} = {v}",
        "{k} ({e}) .... {v}",
        "After the rework, {e} came out with {v} as far as the {k} goes.",
        "Nobody disputes that {e} sticks to {v} when it comes to the {k}.",
        "On {e} we settled for {v} where the {k} is concerned.",
        "Whoever handles {e} will find {v} pencilled in next to {k}.",
        "It took three drafts until the {k} of {e} ended up at {v}.",
        "Old hands remember the {k} of {e}: precisely {v}.",
        "Ever since {e} went live, its {k} has stood at {v}.",
        "Letters about {e} only ever spell the {k} as {v}.",
    ),
}
QUESTIONS = {
    "zh": (
        "想核对一下{e}的{k}，原文怎么记的？",
        "翻到讲{e}的地方，{k}后面跟着什么？",
        "{e}最终敲定的{k}是哪个？",
        "手头要填{e}的{k}，该抄成什么？",
        "论{k}，{e}到底落在哪个值上？",
        "麻烦从材料里抄出{e}的{k}。",
        "谁能说清{e}的{k}究竟写的什么？",
        "只看{e}，{k}一项填了什么？",
    ),
    "en": (
        "I have to copy the {k} of {e} into a form; what goes there?",
        "Turn to the place about {e}: what follows the {k}?",
        "What did the {k} of {e} end up as?",
        "When it comes to {e}, what do the papers say its {k} was?",
        "Remind me: {e}, {k}, what was it again?",
        "Which entry do we find next to {k} for {e}?",
        "If someone rings up about {e}, what {k} should they be told?",
        "Please dig out the {k} that goes with {e}.",
    ),
}
PLACES = {
    "zh": ("凤栖岭", "青屿", "望潮", "杏坞", "石盘", "澜沧里", "雁栖", "桐花渡", "白鹭洲", "乌石浦", "临溪", "鹿鸣"),
    "en": ("Harrowmere", "Tinsley", "Oakhurst", "Pellworth", "Brackwater", "Dunmore", "Keldale", "Quillon", "Ashby"),
}
THINGS = {
    "zh": (
        "闸门",
        "冷凝塔",
        "滤池",
        "绞车",
        "信号塔",
        "地磅",
        "烘房",
        "母线槽",
        "除尘箱",
        "观测井",
        "充装台",
        "回流泵",
    ),
    "en": ("sluice", "winch", "kiln", "weighbridge", "condenser", "observation well", "ferry ramp", "silo", "hoist"),
}
MARKS = ("A", "B", "C", "D", "E", "K", "R", "T")
# Name, kind of value (planting.VALUES), a question of its own or "".
KEYS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "zh": (
        ("静置时长", "duration", "{e}得静置多长时间才行？"),
        ("回水侧压力", "pressure", "{e}回水那一侧压到多少？"),
        ("封签号", "serial", "贴在{e}上的封签是几号？"),
        ("固件修订", "version", "{e}刷的是哪一版固件？"),
        ("停用日", "date", "{e}从哪天起停用？"),
        ("寄存地址", "hex", "{e}映射到哪个寄存地址？"),
        ("底稿存放处", "path", "{e}的底稿收在哪个目录？"),
        ("钥匙保管者", "person", "{e}的钥匙归谁收着？"),
        ("押金数额", "amount", "租用{e}要押多少钱？"),
        ("允差", "percent", "{e}容许偏差多大？"),
        ("铭牌代号", "serial", ""),
        ("轮换间隔", "duration", ""),
        ("吊装重量", "mass", "{e}吊起来有多重？"),
        ("启封日", "date", ""),
        ("经手会计", "person", ""),
        ("残值", "amount", ""),
    ),
    "en": (
        ("settling time", "duration", "How long has {e} to settle?"),
        ("return-side pressure", "pressure", "What pressure builds up on the return side of {e}?"),
        ("seal number", "serial", "Which number is stamped on the seal of {e}?"),
        ("firmware cut", "version", "Which firmware cut was flashed onto {e}?"),
        ("retirement day", "date", "From which day on is {e} out of use?"),
        ("register slot", "hex", "Onto which register slot is {e} mapped?"),
        ("draft folder", "path", "Which folder keeps the drafts of {e}?"),
        ("key holder", "person", "Who keeps the keys to {e}?"),
        ("hire deposit", "amount", "What does one leave as a deposit for {e}?"),
        ("permitted slack", "percent", "How much slack is {e} permitted?"),
        ("nameplate code", "serial", ""),
        ("swap interval", "duration", ""),
        ("lifting weight", "mass", "How heavy is {e} on the hook?"),
        ("unsealing day", "date", ""),
        ("ledger clerk", "person", ""),
        ("scrap value", "amount", ""),
    ),
}
SURNAMES = {"zh": "岑褚滕宓蔺夔阮卞郗臧", "en": ("Okafor", "Lindqvist", "Marchetti", "Drummond", "Voskuil", "Tanaka")}
GIVEN = {"zh": ("砚秋", "若蘅", "听澜", "景曜", "书昀", "予安"), "en": ("Ines", "Tobias", "Maren", "Yusuf", "Clara")}
UNITS = {
    "zh": {"duration": ("分钟", "小时", "秒"), "mass": ("千克", "吨"), "amount": ("元", "万元")},
    "en": {"duration": ("minutes", "hours", "seconds"), "mass": ("kg", "tonnes"), "amount": ("EUR", "GBP")},
}
