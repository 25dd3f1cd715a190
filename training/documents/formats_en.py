"""English tables of the things that logs, configuration, interfaces, releases and meetings speak of.

The first name of an attribute is the label that stands in the document.
"""

from training.documents.lexicon import Domain, parse_domains
from training.documents.values import EN

_TABLE = """
# log: request/task/session/job/transaction | {c}/{i}-{c}/req-{l}
duration | cost/elapsed time/duration/processing time | | how long did {s} take/how much time did {s} need/what was the cost of {s}
integer | status/status code/return status | | which status did {s} return/with what status did {s} end
bytes | size/transferred size/amount of data | | how much data did {s} transfer/what was the size of {s}
person | user/issuing user/account | | who issued {s}/which user started {s}
ip | client/client address/source address | | where did {s} come from/from which address came {s}
integer | retry/retry number/retry counter | | how often was {s} retried/what retry value does {s} show
path | file/output file/file written | | which file did {s} write/where did {s} write to
error | code/error code/failure code | | with which code did {s} fail/what error code was logged for {s}
hex | trace/trace id/trace identifier | | which trace belongs to {s}/what is the trace of {s}
rows | rows/number of rows/rows processed | | how many rows did {s} process
integer | queue/queue length/queued entries | | how long was the queue for {s}/what queue value was logged for {s}
host | node/executing node/machine | | which node ran {s}/on which machine did {s} run
# stamp: component/module | {i}
clock | time/time of day/logged time | | when was {s} logged/at what time did {s} appear
=INFO,WARN,ERROR,DEBUG,FATAL,NOTICE | level/log level/severity | | at which level was {s} logged/what is the level of {s}
identifier | component/source component/module | | which component logged {s}/where does {s} come from
# conf: section/block | {i}/{l}/{l}-pool
integer | timeout_ms/timeout/timeout in milliseconds | | after how many milliseconds does {s} time out
integer | max_retries/retry limit/maximum retries | | how many retries are configured for {s}
port | port/port number/listening port | | which port is set for {s}/on which port does {s} listen
host | host/host name/server | | which host does {s} point to/what host is configured for {s}
path | log_path/log file/path of the log | | where does {s} log to/what log_path does {s} have
=true,false,on,off,yes,no | enabled/enabled flag/switch | | is {s} enabled/what is enabled set to in {s}
=strict,lenient,fast,safe,mirror,shadow,primary,standby,round-robin | mode/operating mode/working mode | | which mode does {s} use/in what mode does {s} run
integer | pool_size/pool size/size of the pool | | how big is the pool of {s}/what pool_size has {s}
bytes | max_body/body size limit/largest body | | how large may a body be in {s}
version | version/version number/release | | which version is given for {s}
email | notify/notification address/mail address | | who is notified for {s}/where do notifications of {s} go
url | endpoint/service address/endpoint URL | | what endpoint is set for {s}/which URL does {s} use
hex | secret_id/secret identifier/key id | | which secret_id belongs to {s}
=debug,info,warning,error,trace | log_level/log level/logging level | | at which level does {s} log
decimal | ratio/sampling ratio/share sampled | | what ratio is set in {s}
integer | ttl_s/time to live/cache seconds | | how many seconds does {s} cache
identifier | group/group name/member group | | which group does {s} belong to
integer | threads/thread count/worker threads | | how many threads does {s} use
=gzip,zstd,lz4,snappy,none,brotli | compress/compression/compression method | | how does {s} compress/which compression does {s} use
# api: call/method/operation | {I}/{I}/{i}
endpoint | Path/request path/URL path | | which path does {s} have/what URL is called for {s}
=GET,POST,PUT,DELETE,PATCH,HEAD | Method/HTTP method/request method | | which HTTP method does {s} use/how is {s} requested
qps | Rate limit/request rate limit/calling limit | | how often may {s} be called/at what rate is {s} limited
duration | Timeout/time limit/processing limit | | after what time does {s} time out/how long may {s} take
integer | Page size limit/maximum page size/entries per page | | how many entries does {s} return per page
bytes | Body limit/largest body/request size limit | | how large may the body of {s} be
=bearer token,API key,signature,OAuth 2.0,none,mutual TLS,basic | Authentication/authentication scheme/way of authenticating | | how does {s} authenticate/what authentication does {s} need
version | Since/first version/introduced in | | since which version does {s} exist/in which version was {s} introduced
person | Maintainer/owner/responsible person | | who maintains {s}/who owns {s}
error | Limit error/error code beyond the limit/throttling error code | | which error does {s} return beyond the limit
# param: parameter/field | {S}
=string,integer,boolean,array,object,float,int64,list,timestamp,enum | Type/data type/parameter type | | what type is {s}/which type does the parameter {s} have
=yes,no,optional,required | Required/mandatory/need to be given | | is {s} required/must {s} be given
integer | Default/default value/preset value | | what does {s} default to/which value has {s} if it is not given
integer | Maximum/upper limit/largest value | | how large may {s} be/what is the largest value of {s}
integer | Max length/maximum length/length limit | | how long may {s} be
version | Since/first version/introduced in | | since when is {s} available/which version introduced {s}
# release: version/release | version {v}/release {v}
date | Released/release date/date of release | | when was {s} released/on what date did {s} come out
person | Release manager/person releasing | | who released {s}/who managed {s}
hex | Build/build number/commit | | which build is {s}/what commit belongs to {s}
bytes | Package size/download size | | how big is the package of {s}
version | Upgrade from/oldest version to upgrade from | | from which version can one upgrade to {s}
count | Bugs fixed/number of fixes | | how many bugs were fixed in {s}
period | Support/support period/maintenance period | | how long is {s} supported
# task: task/item | the {B} [func] [act]/the [adj] [obj]/the {B} [func] review/the {l} [act]/the {B} [func] report
person | owner/responsible person/person in charge | {v} takes care of {s}/{s} was given to {v}/it was decided that {v} handles {s} | who takes care of {s}/who handles {s}/to whom was {s} given
date | deadline/due date/date of completion | {s} must be done by {v}/{s} is due on {v} | by when must {s} be done/when is {s} due
money | budget/funds/cost | {v} is granted for {s}/{s} may cost {v} | how much may {s} cost/how much was granted for {s}
people | staff/people needed | {s} needs {v} | how many does {s} need
percent | progress/share done | {v} of {s} is done | how much of {s} is done
# meeting: meeting | the meeting/this meeting
date | Date/day of the meeting | | when was {s} held/on which day did {s} take place
place | Place/venue/location | | where was {s} held/where did {s} take place
person | Chair/chairperson/chaired by | | who chaired {s}/who led {s}
person | Minutes/minute taker/recorder | | who took the minutes of {s}
people | Present/number of people present/attendance | | how many attended {s}
clock | Next meeting/time of the next meeting | | when is the meeting after {s}
"""

DOMAINS: dict[str, Domain] = {domain.key: domain for domain in parse_domains(_TABLE, EN)}
