"""Chinese tables of the things that logs, configuration, interfaces, releases and meetings speak of.

The first name of an attribute is the label that stands in the document.
"""

from training.documents.lexicon import Domain, parse_domains
from training.documents.values import ZH

_TABLE = """
# log: 请求/任务/会话/作业/事务 | {c}/{i}-{c}/req-{l}
duration | cost/耗时/用时/花费的时间/处理时间 | | {s} 花了多久/{s} 用了多长时间/处理 {s} 耗时多少/日志里 {s} 的 cost 是多少/{s} 耗时
integer | status/状态码/返回状态/状态值 | | {s} 返回的状态码是多少/{s} 的 status 是几/{s} 以什么状态结束
bytes | size/传输大小/数据量/字节量 | | {s} 传了多少数据/{s} 的 size 是多少
person | user/用户/操作人/发起人 | | {s} 是谁发起的/哪个用户发起了 {s}/{s} 的 user 是谁
ip | client/客户端地址/来源 IP/来源地址 | | {s} 来自哪个地址/{s} 是从哪个 IP 来的/{s} 的 client 是什么
integer | retry/重试序号/重试计数 | | {s} 重试了几次/{s} 的 retry 值是多少
path | file/写入文件/输出文件 | | {s} 写到了哪个文件/{s} 的 file 是什么
error | code/错误码/失败代码/出错代码 | | {s} 报了什么错误码/{s} 失败时的 code 是什么/{s} 出错的代码是多少
hex | trace/跟踪号/链路标识/trace id | | {s} 的 trace 是什么/{s} 的跟踪号是多少
rows | rows/行数/处理行数/记录条数 | | {s} 处理了多少行/{s} 的 rows 是多少
integer | queue/队列长度/排队数 | | {s} 执行时队列里有多少/{s} 的 queue 是多少
host | node/执行节点/所在节点 | | {s} 在哪个节点执行/{s} 跑在哪台机器上/{s} 的 node 是什么
# stamp: 组件/模块 | {i}
clock | time/时间/时刻/发生时间 | | {s}是什么时候记录的/{s}出现在几点/日志中{s}的时间
=INFO,WARN,ERROR,DEBUG,FATAL,NOTICE | level/级别/日志级别/等级 | | {s}是什么级别的日志/{s}以哪个级别记录
identifier | component/组件/来源组件/模块 | | {s}由哪个组件记录/哪个组件输出了{s}/{s}是哪个模块打的日志
# conf: 段/节 | {i}/{l}/{l}-pool
integer | timeout_ms/超时/超时毫秒数/超时设置 | | {s} 的超时设成多少毫秒/{s} 多少毫秒算超时
integer | max_retries/重试上限/最大重试/最多重试次数 | | {s} 最多重试几次/{s} 的 max_retries 配的是多少
port | port/端口/监听端口/端口号 | | {s} 监听哪个端口/{s} 配置的端口是多少
host | host/主机/主机地址/主机名 | | {s} 连哪台主机/{s} 指向哪个主机
path | log_path/日志路径/日志文件 | | {s} 的日志写到哪里/{s} 的 log_path 是什么
=true,false,on,off,yes,no | enabled/是否启用/启用开关/开关 | | {s} 启用了吗/{s} 的 enabled 是什么值/{s} 有没有打开
=strict,lenient,fast,safe,mirror,shadow,primary,standby,round-robin | mode/模式/运行模式/工作模式 | | {s} 用的是哪种模式/{s} 以什么模式运行
integer | pool_size/连接池大小/池大小/连接池容量 | | {s} 的连接池有多大/{s} 的 pool_size 是多少
bytes | max_body/请求体上限/最大请求体 | | {s} 的请求体最大多少/{s} 的 max_body 是多少
version | version/版本/版本号 | | {s} 写的是哪个版本/{s} 用什么版本
email | notify/通知邮箱/告警邮箱 | | {s} 出问题通知哪个邮箱/{s} 的 notify 是什么
url | endpoint/服务地址/接口地址 | | {s} 的服务地址是什么/{s} 的 endpoint 配成什么
hex | secret_id/密钥标识/密钥编号 | | {s} 的 secret_id 是什么/{s} 用哪个密钥
=debug,info,warning,error,trace | log_level/日志级别/日志等级 | | {s} 的日志级别是什么/{s} 打哪一级日志
decimal | ratio/采样比例/采样率/比例 | | {s} 的 ratio 是多少/{s} 按多大比例采样
integer | ttl_s/缓存秒数/过期秒数/存活时间 | | {s} 缓存多少秒/{s} 的 ttl_s 是多少
identifier | group/分组/所属分组/组名 | | {s} 属于哪个分组/{s} 的 group 是什么
integer | threads/线程数/工作线程数 | | {s} 开几个线程/{s} 有多少工作线程
=gzip,zstd,lz4,snappy,none,brotli | compress/压缩算法/压缩方式 | | {s} 用什么压缩/{s} 采用哪种压缩算法
# api: 接口/方法/操作 | {I}/{I}/{i}
endpoint | 请求路径/路径/接口路径/URL 路径 | | {s} 的路径是什么/调用 {s} 要访问哪个路径/{s} 对应哪个 URL
=GET,POST,PUT,DELETE,PATCH,HEAD | 请求方法/HTTP 方法/调用方式 | | {s} 用哪种 HTTP 方法/{s} 是 GET 还是 POST/用什么方法请求 {s}
qps | 频率限制/调用频率上限/限流/请求频率限制 | | {s} 最多多快调用一次/{s} 限多少次/{s} 的调用频率上限是多少
duration | 超时时间/超时/最长处理时间 | | {s} 多久超时/{s} 最长处理多长时间
integer | 每页上限/单页最大条数/分页上限 | | {s} 一页最多返回多少条/{s} 每页至多多少条
bytes | 请求体上限/最大请求体/请求大小限制 | | {s} 的请求体最大多大/给 {s} 最多能传多大的数据
=Bearer 令牌,API Key,签名,OAuth 2.0,无需鉴权,双向 TLS,Basic 认证 | 鉴权方式/认证方式/授权方式 | | {s} 怎样鉴权/{s} 采用哪种认证/调用 {s} 需要什么鉴权
version | 起始版本/引入版本/最低版本 | | {s} 从哪个版本开始提供/{s} 是哪一版加入的
person | 维护人/接口负责人/负责人 | | {s} 由谁维护/谁维护 {s}/{s} 找谁
error | 超限错误码/限流错误码/超出限制时的错误码 | | {s} 超出限制时返回什么错误码/调用 {s} 太频繁会返回哪个错误码
# param: 参数/字段 | {S}
=string,integer,boolean,array,object,float,int64,list,timestamp,enum | 类型/数据类型/字段类型/参数类型 | | {s} 是什么类型/参数 {s} 属于哪种类型
=是,否,可选,必填 | 必填/是否必填/是否必需/必选 | | {s} 是必填的吗/参数 {s} 必须传吗/{s} 可以不填吗
integer | 默认值/缺省值/默认取值/不填时的取值 | | {s} 默认是多少/不传 {s} 时取多少/参数 {s} 的缺省值是几
integer | 最大值/上限/最大取值 | | {s} 最大能取多少/{s} 不能超过多少/参数 {s} 最大是几
integer | 最大长度/长度上限/长度限制 | | {s} 最长多少/{s} 的长度不能超过多少
version | 起始版本/加入版本/引入版本 | | {s} 是哪个版本加入的/从哪一版开始有 {s}
# release: 版本 | {v} 版/{v} 版本/版本 {v}
date | 发布日期/发布时间/上线日期 | | {s}是哪天发布的/{s}什么时候上线/{s}何时发布
person | 发布负责人/发布人/版本负责人 | | {s}由谁发布/{s}的发布谁负责
hex | 构建号/构建标识/提交号 | | {s}的构建号是什么/{s}对应哪个提交
bytes | 安装包大小/包大小/体积 | | {s}的安装包多大/{s}有多大
version | 最低兼容版本/可直接升级的最低版本 | | {s}最低兼容哪个版本/从哪一版可以直接升到{s}
count | 修复缺陷数/修复的问题数 | | {s}修复了多少个缺陷/{s}修了几个问题
period | 支持期限/维护期/支持周期 | | {s}支持多久/{s}的维护期多长
# task: 工作/事项 | [obj][verb]/[func][act]/[adj][obj][verb]/{b}[func]整改/{b}[obj][verb]
person | 负责人/责任人/承办人/牵头人 | {v}负责{s}/{s}由{v}牵头/会议决定由{v}承担{s}/{s}交给{v}去办 | {s}由谁负责/谁来做{s}/{s}交给了谁/会上决定谁承担{s}
date | 完成期限/截止日期/完成时间/最后期限 | {s}须在{v}前完成/{v}之前完成{s}/{s}的期限定在{v} | {s}什么时候完成/{s}最晚哪天做完/{s}的期限是哪天
money | 预算/经费/费用 | {s}的经费为{v}/同意为{s}安排{v} | {s}花多少钱/{s}批了多少经费/给{s}安排了多少钱
people | 所需人手/投入人数/人数 | {s}需要{v}/为{s}抽调{v} | {s}要多少人/{s}抽调几个人
percent | 完成情况/进度/完成比例 | {s}已完成{v} | {s}做完多少了/{s}的进度如何
# meeting: 会议 | 本次会议/此次会议/这次会议
date | 会议日期/日期/开会日期 | | {s}在哪天开的/{s}什么时候召开/{s}是几号开的
place | 会议地点/地点/开会地点 | | {s}在哪里开的/{s}的会场在哪
person | 主持人/主持/会议主持 | | 谁主持{s}/{s}由谁主持/{s}的主持人叫什么
person | 记录人/记录/会议记录 | | 谁做{s}的记录/{s}由谁记录/{s}的记录人是谁
people | 出席人数/参会人数/实到人数 | | {s}有多少人参加/{s}到了多少人
clock | 下次开会时间/下次会议时间 | | 下次开会是几点/{s}之后下一次几点开
"""

DOMAINS: dict[str, Domain] = {domain.key: domain for domain in parse_domains(_TABLE, ZH)}
