"""Values by kind for each language, and how a kind is asked for."""

from __future__ import annotations

from training.documents import names
from training.documents.chance import pick, upto
from training.documents.values import (
    Maker,
    chosen,
    clock,
    date_en,
    date_zh,
    decimal,
    digest,
    error_code,
    ip,
    iso,
    measure,
    money_en,
    money_zh,
    number,
    ordinal_en,
    ordinal_zh,
    penalty_zh,
    percent,
    phone,
    ratio_zh,
    span,
    thousands,
    version,
)

_SHARED: dict[str, Maker] = {
    "bytes": measure("KB", "MB", "GB", "MiB", "GiB", "KiB", "TB", "B", "MB", "GB"),
    "percent": percent,
    "version": version,
    "iso": iso,
    "clock": clock,
    "hex": digest,
    "path": names.path,
    "url": names.url,
    "host": names.host,
    "endpoint": names.endpoint,
    "port": lambda rng: str(upto(rng, 80, 65000)),
    "ip": ip,
    "email": names.email,
    "phone": phone,
    "code": names.code,
    "identifier": names.identifier,
    "error": error_code,
    "integer": lambda rng: str(number(rng)),
    "decimal": decimal,
    "thousands": thousands,
    "temperature": measure("℃", "℃", "K"),
    "voltage": measure("V", "kV", "mV"),
    "power": measure("W", "kW", "MW"),
    "weight": measure("kg", "g", "t", "mg"),
    "length": measure("mm", "cm", "m", "km"),
    "pressure": measure("MPa", "kPa", "bar", "Pa"),
    "frequency": measure("Hz", "kHz", "MHz", "GHz"),
    "rate": measure("Mbps", "Gbps", "MB/s", "KB/s"),
    "volume": measure("mL", "L", "m3"),
}

ZH: dict[str, Maker] = _SHARED | {
    "duration": span("ms", "s", "毫秒", "秒", "分钟", "小时", "天", "秒", "min", "h"),
    "period": span("天", "日", "个月", "年", "周", "个工作日", "小时"),
    "percent": ratio_zh,
    "ratio": penalty_zh,
    "ordinal": ordinal_zh,
    "date": date_zh,
    "money": money_zh,
    "person": names.person_zh,
    "company": names.company_zh,
    "place": names.place_zh,
    "count": lambda rng: f"{number(rng)}{pick(rng, (' 个', '个', ''))}",
    "times": lambda rng: f"{upto(rng, 1, 20)}{pick(rng, (' 次', '次'))}",
    "people": lambda rng: f"{number(rng)}{pick(rng, (' 人', '人', '名'))}",
    "rows": lambda rng: f"{thousands(rng)}{pick(rng, (' 行', '行', ' 条', '条'))}",
    "weight": measure("kg", "g", "公斤", "吨", "克", "千克"),
    "length": measure("mm", "cm", "m", "公里", "米", "厘米", "毫米"),
    "area": measure("平方米", "亩", "公顷", "m2"),
    "qps": measure("次/秒", "QPS", "次/分钟", "TPS"),
    "seats": lambda rng: f"{number(rng)}{pick(rng, ('座', '个座位', ' 席'))}",
}

EN: dict[str, Maker] = _SHARED | {
    "duration": span("ms", "s", "seconds", "minutes", "hours", "milliseconds", "days", "min"),
    "period": span("days", "months", "years", "weeks", "business days", "hours"),
    "ordinal": ordinal_en,
    "date": date_en,
    "money": money_en,
    "person": names.person_en,
    "company": names.company_en,
    "place": names.place_en,
    "count": lambda rng: str(number(rng)),
    "times": lambda rng: str(upto(rng, 2, 20)),
    "people": lambda rng: f"{number(rng)}{pick(rng, (' people', ''))}",
    "rows": lambda rng: f"{thousands(rng)}{pick(rng, (' rows', ' records', ''))}",
    "length": measure("mm", "cm", "m", "km", "metres", "inches"),
    "area": measure("m2", "hectares", "acres", "square metres"),
    "qps": measure("requests per second", "req/s", "QPS", "requests per minute"),
    "seats": lambda rng: f"{number(rng)} seats",
}

# How a value is asked for: the class chooses the question words.
CLASSES: dict[str, str] = {
    "duration": "long", "period": "long", "date": "when", "iso": "when", "clock": "clock", "person": "who",
    "company": "who", "place": "where", "ip": "what", "host": "what", "url": "what", "path": "what", "email": "what",
    "hex": "what", "code": "what", "identifier": "what", "endpoint": "what", "error": "what", "version": "what",
    "phone": "what",
}  # fmt: skip


def class_of(kind: str) -> str:
    """The question class of a value kind: long, when, clock, who, where, what, which (enumerations) or number."""
    return "which" if kind.startswith("=") else CLASSES.get(kind, "number")


def enumeration(kind: str) -> Maker:
    """The maker of '=a,b,c': one of the words."""
    return chosen(*(word.strip() for word in kind[1:].split(",")))
