"""Values for the cells of tables: what is counted, meant, done; combined from parts, so that cells seldom recur."""

from __future__ import annotations

from random import Random

from training.documents import names
from training.documents.chance import listed, pick, upto
from training.documents.values import Maker, decimal, number, numeral_zh

_THINGS_ZH = listed(
    "看门狗 采样 心跳 重传 缓存 滤波 校准 报警 上传 日志 备份 会话 背光 风扇 转速 温度 压力 流量 电流 液位 振动 湿度 握手 "
    "广播 轮询 补偿 限幅 死区 延时 节点 波特 通道 量程 零点 增益 阈值 回差 阻尼 占空 相位 油温 编码器 制动 休眠 唤醒 巡检"
)
_ENDS_ZH = listed("周期 时间 上限 下限 次数 间隔 深度 系数 阈值 地址 门限 长度 频率 窗口 等级 步长 偏移 延迟 容量 比例")
_STATES_ZH = listed(
    "超时 断线 溢出 失步 锁定 未同步 过热 欠压 短路 丢失 越限 校验失败 未授权 忙 已满 回滚 重复 未就绪 掉电 反接"
)
_FIXES_ZH = (
    "检查接线后重新上电", "重新登录后再试", "联系管理员解锁", "降低请求频率", "先执行复位命令", "更新固件到最新版", "等待设备空闲",
    "核对参数后重发", "更换电源模块", "清理历史文件", "重新校准零点", "补齐必填参数", "检查网线与交换机", "扩大缓冲区", "按手册恢复出厂设置",
    "换一个端口再连", "申请更高权限", "缩短单包长度", "关闭多余会话", "校正本地时钟",
)  # fmt: skip
_CHANGES_ZH = (
    "增加{t}{e}的说明",
    "修正{t}{e}的取值",
    "删除{t}相关章节",
    "调整{t}{e}的默认值",
    "补充{t}{s}的处理",
    "统一{t}{e}的单位",
    "新增{t}接口",
    "{t}由单次改为连续",
    "重写{t}一节",
    "放宽{t}{e}",
)
_OUTAGES_ZH = (
    "{t}功能全部不可用",
    "{t}性能明显下降",
    "单个{t}节点异常",
    "{t}数据出现差错",
    "{t}界面显示不正常",
    "影响全部用户的{t}中断",
    "{t}偶发{s}",
    "多数{t}业务受阻",
    "仅影响{t}报表",
    "{t}咨询类问题",
)
_GEAR_ZH = listed(
    "交换机 防火墙 服务器 存储阵列 投影仪 打印机 工作站 示波器 电源柜 空调机组 摄像头 路由器 扫描仪 配电箱 显微镜 烘箱 叉车 变频器 网关 机器人 离心机 话务台 门禁机 大屏"
)
_POSTS_ZH = listed(
    "项目经理 技术负责人 安全员 质检员 数据库管理员 网络工程师 现场主管 文档管理员 培训讲师 测试组长 采购员 值班长 架构师 仓库管理员 资料员 施工员 造价师 客服主管"
)
_DEPTS_ZH = listed(
    "技术部 运维中心 质量部 财务科 采购组 市场部 研发一室 研发二室 后勤处 档案室 信息中心 法务部 生产车间 实验室 总工办 安全科"
)
_ITEMS_ZH = listed(
    "现场巡检 系统部署 数据迁移 用户培训 软件许可 备件 光缆敷设 机房改造 年度维保 等保测评 安全加固 接口开发 硬盘 内存条 电缆 机柜 传感器 桥架 驻场服务 应急演练 压力测试 监控平台 服务器租用 短信服务"
)
_TESTS_ZH = listed(
    "拉伸强度 含水率 硬度 绝缘电阻 气密性 表面粗糙度 光泽度 酸值 粘度 耐压 噪声 抗弯强度 密度 灰分 透光率 附着力 盐雾 尺寸偏差 平整度 有效成分"
)
_STOPS_ZH = listed(
    "东门 北站 码头 客运中心 大学城 体育馆 植物园 火车站 工业园 新城 老街 湿地公园 机场 医院 会展中心 南湾 水库 西坪 古镇 科技园"
)
_COSTS_ZH = listed(
    "差旅费 会议费 印刷费 设备购置费 劳务费 专家咨询费 测试化验费 材料费 燃料动力费 培训费 维修费 租赁费 出版费 邮电费 绩效支出 保险费 运输费 宣传费"
)
_TASKS_ZH = listed(
    "需求调研 方案设计 数据清洗 接口联调 试运行 竣工验收 设备安装 用户培训 性能测试 代码评审 上线切换 资料归档 原型制作 安全评估 现场勘测 管线迁改 基础浇筑 设备调试 问卷发放 样本采集"
)
_NOTES_ZH = (
    "控制{t}{e}",
    "设置{t}的{e}",
    "指定{t}文件的位置",
    "开启{t}记录",
    "限制{t}的{e}",
    "选择{t}方式",
    "决定{t}后是否重启",
    "保存{t}结果",
    "标识{t}来源",
    "统计{t}{s}的次数",
)

_THINGS_EN = listed(
    "session upload batch cursor token queue replica snapshot webhook index channel reading alarm login cache export lease "
    "heartbeat retry import archive thumbnail preview report invoice sensor frame packet schema migration certificate quota"
)
_FAULTS_EN = (
    "the {t} is unknown", "the {t} has expired", "the {t} is too large", "the {t} was changed meanwhile", "no {t} was given",
    "the {t} is locked", "too many {t}s are open", "the {t} lies in the past", "the {t} is not readable", "the {t} already exists",
    "the {t} is negative", "the {t} belongs to somebody else", "the {t} is still busy", "the {t} has a wrong format",
)  # fmt: skip
_REMEDIES_EN = (
    "send the {t} again", "create a new {t}", "wait and retry", "ask the owner of the {t}", "shorten the {t}", "log in again",
    "close an unused {t}", "correct the {t}", "reduce the size of the {t}", "contact support", "read the {t} afresh", "free some space",
)  # fmt: skip
_CHANGES_EN = (
    "added the {t} {u}", "removed the {t} {u}", "renamed the {t} {u}", "the {t} {u} became mandatory", "raised the {t} limit",
    "moved {t}s to their own store", "fixed a leak in the {t} {u}", "documented the {t} {u}", "made {t}s faster", "split the {t} table",
    "replaced the {t} library", "the {t} {u} is now signed", "dropped support for the old {t}", "corrected the {t} example",
)  # fmt: skip
_NOTES_EN = (
    "sets the {t} {u}", "names the {t} file", "limits the number of {t}s", "turns on the {t} {u}", "holds the {t} key", "chooses the {t} format",
    "tells how often {t}s are refreshed", "gives the {t} its colour", "selects the {t} store", "stops the {t} {u}", "lists all {t}s",
    "points to the {t} directory", "caps the size of a {t}", "checks every {t}", "delays the {t} {u}", "counts {t}s",
)  # fmt: skip
_USES_EN = listed(
    "counter header window name field list flag timer filter check parser page store mode size colour order hook"
)
_OUTAGES_EN = (
    "no {t} can be used at all", "{t}s are slow for everybody", "a single {t} fails", "wrong {t} data are shown", "cosmetic fault in a {t}",
    "{t}s are lost", "question about {t}s", "one site has no {t}", "{t}s fail now and then", "most users lack their {t}",
)  # fmt: skip
_LIMITS_EN = listed("open concurrent pending stored failed daily shared scheduled private queued")
_GEAR_EN = listed(
    "switch firewall server projector printer workstation oscilloscope scanner camera router microscope forklift laptop tripod amplifier centrifuge generator pump crane drill"
)
_TESTS_EN = listed(
    "hardness moisture viscosity density roughness tensile-strength noise leakage gloss ash-content insulation acidity turbidity porosity colour-shift"
)
_STOPS_EN = listed(
    "Harbour Northgate Mill Airport Castle Lighthouse Market Stadium University Quarry Ferry-Point Old-Town Riverside Hospital Museum Lakeside"
)
_TASKS_EN = listed(
    "survey design procurement installation training migration acceptance rehearsal audit handover cabling painting translation calibration documentation rollout interviews excavation"
)
_POSTS_EN = listed(
    "planner surveyor architect tester translator welder auditor trainer analyst foreman draughtsman buyer librarian geologist electrician"
)
_MONTHS = listed("January February March April May June July August September October November December")
_TYPES = (
    "INTEGER",
    "BIGINT",
    "TEXT",
    "VARCHAR(64)",
    "VARCHAR(255)",
    "BOOLEAN",
    "TIMESTAMP",
    "DATE",
    "DECIMAL(12,2)",
    "JSON",
    "BLOB",
    "REAL",
    "UUID",
    "CHAR(2)",
    "SMALLINT",
    "DOUBLE",
)
_OPS = listed(
    "HELLO PING PONG OPEN CLOSE DATA ACK NAK GRANT RESET SYNC ERROR BYE AUTH SEEK TRIM MARK PUSH PULL STAT LOCK FREE MOVE COPY JOIN LEAVE"
)


def _zh(*templates: str) -> Maker:
    def make(rng: Random) -> str:
        text = pick(rng, templates)
        return (
            text.replace("{t}", pick(rng, _THINGS_ZH))
            .replace("{e}", pick(rng, _ENDS_ZH))
            .replace("{s}", pick(rng, _STATES_ZH))
        )

    return make


def _en(*templates: str) -> Maker:
    def make(rng: Random) -> str:
        return pick(rng, templates).replace("{t}", pick(rng, _THINGS_EN)).replace("{u}", pick(rng, _USES_EN))

    return make


def _from(choices: tuple[str, ...], more: str = "") -> Maker:
    return lambda rng: (
        pick(rng, choices) + (f"{more}{names.latin(rng).capitalize()}" if more and rng.random() < 0.4 else "")
    )


def _branded(choices: tuple[str, ...]) -> Maker:
    return lambda rng: (names.brand_zh(rng) if rng.random() < 0.6 else "") + pick(rng, choices)


def _sla_zh(rng: Random) -> str:
    return f"{pick(rng, (5, 8, 10, 15, 18, 20, 24, 25, 30, 35, 36, 45, 48, 50, 60, 72, 90, upto(rng, 2, 99)))} {pick(rng, ('分钟', '小时', '小时', '个工作日', '天'))}"


def _sla_en(rng: Random) -> str:
    return f"{pick(rng, (5, 8, 10, 15, 18, 20, 24, 25, 30, 35, 36, 45, 48, 50, 60, 72, 90, upto(rng, 2, 99)))} {pick(rng, ('minutes', 'hours', 'hours', 'working days', 'days'))}"


def _isoday(rng: Random) -> str:
    return f"{upto(rng, 2012, 2029)}-{upto(rng, 1, 12):02d}-{upto(rng, 1, 28):02d}"


def _error_code(rng: Random) -> str:
    return pick(
        rng,
        (
            f"-{upto(rng, 1, 9999)}",
            f"E{upto(rng, 100, 9999)}",
            f"{upto(rng, 1000, 99999)}",
            f"0x{upto(rng, 16, 65000):04X}",
        ),
    )


def _error_name(rng: Random) -> str:
    tail = pick(
        rng, ("TIMEOUT", "LOCKED", "BUSY", "RANGE", "CRC", "AUTH", "FULL", "LOST", "ALIGN", "STATE", "PARAM", "MEMORY")
    )
    return f"{pick(rng, ('ERR', 'E', 'EX', names.latin(rng).upper()[:3]))}_{(names.latin(rng) if rng.random() < 0.5 else pick(rng, _THINGS_EN)).upper()}_{tail}"


def _conf_key(rng: Random) -> str:
    joint = pick(rng, ("_", ".", "-"))
    return joint.join(
        (pick(rng, _THINGS_EN), names.latin(rng)) if rng.random() < 0.5 else (names.latin(rng), pick(rng, _USES_EN))
    )


def _conf_value(rng: Random) -> str:
    style = int(rng.random() * 7)
    return (
        str(upto(rng, 1, 9999)), decimal(rng), pick(rng, ("true", "false", "none", "auto")), names.path(rng), names.latin(rng),
        f"{upto(rng, 1, 900)}{pick(rng, ('s', 'ms', 'm', 'KB', 'MB', 'h'))}", names.host(rng),
    )[style]  # fmt: skip


def _bit(rng: Random) -> str:
    return f"第{upto(rng, 0, 31)}位" if rng.random() < 0.5 else f"bit{upto(rng, 0, 31)}"


def _asset(rng: Random) -> str:
    head = "".join(pick(rng, "ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(upto(rng, 1, 3)))
    return f"{head}-{upto(rng, 1, 9999):04d}"


def _sample(rng: Random) -> str:
    return f"{pick(rng, ('S', 'T', 'Y', 'No.', 'JC'))}{upto(rng, 1, 9999):03d}"


def _line(rng: Random) -> str:
    return f"{pick(rng, 'ABCDGKTXZ')}{upto(rng, 1, 9999)}"


def _flag(rng: Random) -> str:
    return f"--{names.latin(rng)}" if rng.random() < 0.6 else f"-{pick(rng, 'abcdefgklmnpqrstvwxz')}"


def _spaced(units: tuple[str, ...]) -> Maker:
    def make(rng: Random) -> str:
        return f"{number(rng) % 990 + 1 if rng.random() < 0.6 else upto(rng, 2, 999)} {pick(rng, units)}"

    return make


def _yuan(rng: Random) -> str:
    amount = upto(rng, 1, 999) * 10 ** upto(rng, 1, 4) if rng.random() < 0.5 else upto(rng, 1000, 99999999)
    return f"{amount:,}" if rng.random() < 0.7 else str(amount)


def _capitals(rng: Random) -> str:
    digits, units = "壹贰叁肆伍陆柒捌玖", "拾佰仟万"
    return "".join(pick(rng, digits) + pick(rng, units) for _ in range(upto(rng, 2, 5))) + "元整"


def _dateword(rng: Random) -> str:
    space = pick(rng, ("", " "))
    return f" {upto(rng, 2012, 2032)}{space}年{space}{upto(rng, 1, 12)}{space}月{space}{upto(rng, 1, 28)}{space}日".lstrip()


def _fault(rng: Random) -> str:
    return _en(*_FAULTS_EN)(rng)


def _capital(make: Maker) -> Maker:
    def capital(rng: Random) -> str:
        text = make(rng)
        return text[0].upper() + text[1:]

    return capital


def _confnum(rng: Random) -> str:
    return pick(rng, (str(upto(rng, 1, 9999)), decimal(rng), "None", "True", "False", str(upto(rng, 2, 64))))


_RULES_EN = (
    "every change is one {t}", "a {t} belongs to one {u}", "only the owner may remove a {t}", "the {u} is read when it is first used",
    "{t}s are never deleted, only marked", "a {t} is written twice", "a broken {t} is skipped",
    "it does not start threads", "nothing is kept in memory between calls", "the {u} is checked on every read",
)  # fmt: skip
COMMON: dict[str, Maker] = {
    "isoday": _isoday, "errcode": _error_code, "errname": _error_name, "confkey": _conf_key, "confval": _conf_value,
    "bitno": _bit, "assetno": _asset, "sampleno": _sample, "lineno": _line, "datatype": _from(_TYPES), "opname": lambda rng: (
        pick(rng, _OPS) if rng.random() < 0.6 else f"{pick(rng, _OPS)}_{names.latin(rng).upper()}"
    ), "optflag": _flag, "personen": names.person_en, "command": lambda rng: f"{names.latin(rng)}{pick(rng, ('ctl', ' ', '-'))}{pick(rng, names.VERBS)}",
    "sku": lambda rng: f"{upto(rng, 10, 99)}-{upto(rng, 100, 99999)}", "shelf": lambda rng: f"{pick(rng, 'ABCDEFG')}{upto(rng, 1, 30)}-{upto(rng, 1, 9)}",
    "bitval": _zh("{t}{s}", "{s}"), "bitname": _zh("{t}{s}", "{t}{s}标志"), "apara": _zh("{t}{e}"), "fault": _zh("{t}{s}", "{t}{e}越限", "{t}未初始化", "{t}不存在"),
    "remedy": _from(_FIXES_ZH), "change": _zh(*_CHANGES_ZH), "outage": _zh(*_OUTAGES_ZH), "confnote": _zh(*_NOTES_ZH), "portuse": _zh("{t}上报", "{t}查询", "远程{t}", "{t}转发"),
    "chapter": lambda rng: pick(rng, (f"第{numeral_zh(upto(rng, 1, 15))}章", f"{upto(rng, 1, 12)}.{upto(rng, 1, 9)}", f"附录 {pick(rng, 'ABCDE')}")),
    "slatime": _sla_zh, "slatimeen": _sla_en, "gear": _branded(_GEAR_ZH), "post": _from(_POSTS_ZH), "dept": _from(_DEPTS_ZH),
    "goodsitem": _branded(_ITEMS_ZH), "testitem": _from(_TESTS_ZH), "stop": _branded(_STOPS_ZH), "costitem": _from(_COSTS_ZH),
    "taskname": _branded(_TASKS_ZH), "deliver": _zh("{t}报告", "{t}清单", "{t}方案"), "certzh": _zh("{t}工程师证", "高级工", "无"),
    "faulten": _en(*_FAULTS_EN), "remedyen": _en(*_REMEDIES_EN), "changeen": _en(*_CHANGES_EN), "confnoteen": _en(*_NOTES_EN), "outageen": _en(*_OUTAGES_EN),
    "opuse": _en("{t} and its {u}", "number of {t}s", "{u} of the {t}", "the last {t}", "reason for closing the {t}"), "portuseen": _en("{t} traffic", "{t} control", "remote {t} {u}", "metrics of the {t}"),
    "limitname": lambda rng: f"{pick(rng, _LIMITS_EN)} {pick(rng, _THINGS_EN)}s", "gearen": _from(_GEAR_EN), "testitemen": _from(_TESTS_EN),
    "stopen": _from(_STOPS_EN, " "), "tasken": lambda rng: f"{pick(rng, _TASKS_EN)} of {names.latin(rng).capitalize()}",
    "faultcap": _capital(_fault), "fault_en": _fault, "faultfirst": _capital(_fault), "rulefirst": _capital(_en(*_RULES_EN)),
    "thingcap": _capital(_from(_THINGS_EN)), "confnum": _confnum, "latin2": lambda rng: names.latin(rng) + pick(rng, ("_s", "_max", "s", "_id", "")),
    "uword": lambda rng: pick(rng, _USES_EN).upper() if rng.random() < 0.5 else names.latin(rng).upper(), "base": lambda rng: "Exception",
    "verb_en": _from(names.VERBS), "Verbcap": _capital(_from(names.VERBS)), "self": lambda rng: "", "kind": lambda rng: "method",
    "rtype": _from(("int", "str", "float", "bool", "bytes", "list[str]", "dict[str, int]", "Path", "set[int]", "None", "tuple[int, int]", "Iterator[str]")),
    "klass2": lambda rng: (names.latin(rng) if rng.random() < 0.6 else pick(rng, _THINGS_EN)).capitalize() + pick(rng, ("", "Store", "Pool", "Table", "Book", "Queue", "Reader", "Board")),
    "plainversion": lambda rng: f"{upto(rng, 0, 9)}.{upto(rng, 0, 30)}.{upto(rng, 0, 40)}",
    "slat": _spaced(("ms", "ms", "s", "秒", "分钟", "毫秒", "min", "小时")), "zhspan": _spaced(("天", "日", "个月", "年", "周", "个月", "年")),
    "tempneg": lambda rng: f"-{upto(rng, 5, 65)} ℃", "temppos": lambda rng: f"{upto(rng, 30, 140)} ℃",
    "slaten": _spaced(("ms", "s", "seconds", "minutes", "hours", "days", "weeks", "months", "milliseconds")),
    "datelong": lambda rng: f"{upto(rng, 1, 28)} {pick(rng, _MONTHS)} {upto(rng, 2009, 2033)}", "listname": lambda rng: f"{names.latin(rng)}-{pick(rng, ('devel', 'talk', 'core', 'users', 'board', 'admin'))}",
    "Field": lambda rng: f"{names.latin(rng).capitalize()}{pick(rng, ('', '-By', '-For', 's', '-On'))}", "suffix": lambda rng: f"-{names.latin(rng)}",
    "state_en": _en("lost {t}", "{t} overflow", "open {t} {u}", "stale {t}", "{t} not set", "{u} of the {t} changed"),
    "posten": _from(_POSTS_EN), "tasksen": _from(_TASKS_EN), "country": _from(("Norway", "Austria", "Portugal", "Ireland", "Estonia", "Chile", "Japan", "Canada", "Kenya", "Denmark", "Belgium")),
    "courten": lambda rng: pick(rng, ("the courts of ", "a sole arbitrator in ", "the chamber of commerce of ", "the district court of ")) + names.latin(rng).capitalize(),
    "fn": names.camel,
    "opword": _from(_USES_EN),
    "yuan": _yuan, "capitals": _capitals, "dateword": _dateword,
    "court": _from(("北京仲裁委员会", "上海仲裁委员会", "甲方住所地人民法院", "乙方住所地人民法院", "合同签订地人民法院", "广州仲裁委员会", "项目所在地人民法院", "武汉仲裁委员会", "杭州仲裁委员会", "被告住所地人民法院")),
    "bankzh": lambda rng: pick(rng, ("工商银行", "建设银行", "农业银行", "招商银行", "交通银行", "中国银行", "浦发银行")) + names.brand_zh(rng) + "支行",
    "account": lambda rng: str(upto(rng, 10**15, 10**18)),
    "thing": _from(_THINGS_EN), "thingzh": _from(_THINGS_ZH), "endzh": _from(_ENDS_ZH),
}  # fmt: skip
