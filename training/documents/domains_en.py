"""The English domains: entities, their attributes, how these are stated and asked for."""

from training.documents.lexicon import Domain, parse_domains
from training.documents.values import EN

_SYSTEMS = """
# service: service/gateway/module/scheduler/proxy/agent/broker/controller/engine/worker | the {B} {n}/{i}/the [func] {n}/{i}/the {l} {n}/{l}
duration | timeout/time limit/maximum waiting time/time-out value | {s} waits at most {v} for an answer/a call to {s} fails after {v} without a reply/requests to {s} time out after {v} | how long may {s} wait/how long does {s} wait before giving up/after how long does a call to {s} time out
times | retry count/number of retries/maximum retries/retry limit | {s} retries a failed call up to {v} times/{s} gives up after {v} attempts | how many times does {s} retry/how often may {s} retry before it gives up
duration | retry interval/delay between retries/retry delay | {s} pauses {v} between two attempts | how long does {s} pause between attempts/how much time passes between retries of {s}
port | port/listening port/port number | {s} listens on port {v}/{s} is reachable on port {v} | which port does {s} listen on/on what port can {s} be reached/what port does {s} use
host | host/host name/deployment host | {s} runs on {v}/{s} is deployed on {v} | where does {s} run/which host runs {s}/on which machine is {s} deployed
version | version/current version/release | {s} is currently at version {v}/version {v} of {s} is in production | which version of {s} is in use/what version is {s} at
person | owner/maintainer/person in charge/responsible engineer | {v} is responsible for {s}/{s} is maintained by {v}/{v} looks after {s} | who owns {s}/who is responsible for {s}/who maintains {s}/whom do I ask about {s}
path | log file/log path/log location | {s} writes its log to {v}/the log of {s} is kept in {v} | where does {s} write its log/in which file is the log of {s}
bytes | memory limit/memory ceiling/maximum memory | {s} may use up to {v} of memory/{s} must not take more than {v} of memory | how much memory may {s} use/what is the most memory {s} can take
count | connection limit/maximum number of connections/maximum connections | {s} keeps at most {v} connections open | how many connections may {s} hold/how many connections does {s} allow
qps | rate limit/request rate limit/throttling limit | {s} is throttled at {v}/{s} accepts no more than {v} | at what rate is {s} throttled/how fast may {s} be called
=round robin,least connections,consistent hashing,weighted random,shortest response | balancing strategy/load balancing method/balancing policy | {s} spreads requests by {v} | how does {s} spread requests/which strategy does {s} use to distribute load
=JSON,Protobuf,Avro,MessagePack,XML,CSV,Thrift | message format/serialisation format/wire format | {s} exchanges messages as {v} | which format does {s} exchange messages in/how are messages of {s} encoded
email | alert address/notification address/alert mailbox | alerts of {s} go to {v} | where are alerts of {s} sent/which mailbox receives the alerts of {s}
url | callback URL/webhook address/callback address | {s} calls back {v} when it is done | which URL does {s} call back/what address does {s} notify
period | retention period/retention time/data retention | {s} keeps its data for {v}/data in {s} is deleted after {v} | how long does {s} keep data/after what time is data in {s} deleted
bytes | request size limit/maximum request size/largest request | {s} accepts requests of up to {v} | how large may a request to {s} be/what is the largest request {s} takes
duration | heartbeat interval/heartbeat period | {s} sends a heartbeat every {v} | how often does {s} send a heartbeat
# token: token/certificate/credential/session/key/pass | the [role] {n}/the {B} {n}/[role] {n}s/{l} {n}s
period | lifetime/validity period/validity/time to live | {s} may be used for {v}/the validity of {s} is limited to {v} | how long may {s} be used/how long is the validity of {s}
count | length/number of characters | the length of {s} is {v} characters | how many characters are in {s}
=HS256,RS256,ES384,EdDSA,AES-128-GCM,ChaCha20,SHA-512,Ed448 | signature algorithm/signing algorithm/algorithm | {v} is used for signing {s} | which algorithm signs {s}/how is signing done for {s}
duration | renewal window/early renewal time | renewal of {s} is possible {v} before expiry | how long before expiry can {s} be renewed
times | failure limit/maximum failed attempts/allowed failures | {v} failed attempts lock {s} | how many failed attempts lock {s}
company | issuer/issuing authority/issuing body | {v} is the authority that issues {s} | who issues {s}/which authority issues {s}
# dataset: table/archive/index/snapshot/file/collection/dataset | the {i} {n}/the {B} {n}/the [func] {n}/the {c} {n}
bytes | size/file size/disk usage | {s} takes {v} on disk/{s} is {v} after compression | how big is {s}/how much space does {s} take
rows | row count/number of records/number of rows | {s} holds {v}/there are {v} in {s} | how many rows does {s} have/how many records are in {s}
hex | checksum/hash/digest | {s} has the checksum {v} | what does the checksum of {s} read
iso | update time/last update/time of the last update | {s} was last updated on {v} | when was {s} last updated/when was {s} changed last
=UTF-8,GBK,Latin-1,UTF-16,ASCII,Shift-JIS | encoding/character encoding/text encoding | {s} is encoded in {v} | how is {s} encoded/which encoding does {s} use
path | location/storage path/directory | {s} is stored under {v} | where is {s} stored/under which path can {s} be found
period | backup interval/backup cycle/time between backups | {s} is backed up every {v} | how often is {s} backed up
person | data steward/custodian/administrator | {s} is looked after by {v} | who looks after {s}/who administers {s}
# error: error/fault/failure/exception | the {B} {n}/a [func] {n}/the [func] {n}
error | error code/return code/status code/code | {s} is reported as {v}/in case of {s}, {v} is returned | which code stands for {s}/what is returned in case of {s}/how is {s} reported
=notice,minor,warning,major,critical,fatal | severity/severity level/severity class | {s} is classed as {v} | how severe is {s}/how is {s} classed
duration | response time/reaction time/handling deadline | {s} must be handled within {v} | how soon must {s} be handled/within what time does {s} need a reaction
person | handler/contact/follow-up person | {v} follows up on {s} | who follows up on {s}/who handles {s}
# model: model/classifier/encoder/retriever/network | the {B} {n}/the {l} {n}/{i}
=0.0003,0.001,2e-5,1e-4,5e-4,3e-4,0.01,6e-5 | learning rate/initial learning rate | {s} is trained with a learning rate of {v} | how large is the learning rate of {s}
count | batch size/samples per batch | {s} sees {v} samples in a batch | how many samples are in a batch of {s}
integer | depth/number of layers/layer count | {s} is {v} layers deep | how many layers does {s} have/how deep is {s}
percent | accuracy/test accuracy/share of correct answers | {s} answers {v} of the test questions correctly | how accurate is {s}/what share of questions does {s} get right
duration | latency/mean latency/inference time | {s} needs {v} for one inference | how long does one inference of {s} take/how slow is {s}
count | epochs/number of epochs/training epochs | {s} was trained for {v} epochs | for how many epochs was {s} trained
"""

_THINGS = """
# device: pump/sensor/motor/valve/transformer/compressor/gauge/camera/boiler/lathe/fan | the {c} {n}/the {B} {n}/{n} {c}/the [pos] {n}
temperature | operating temperature/maximum temperature/temperature limit | {s} must stay below {v}/{s} works up to {v} | how hot may {s} get/up to what temperature does {s} work
voltage | supply voltage/rated voltage/operating voltage | {s} is fed with {v} | which voltage does {s} need/how many volts is {s} fed with
power | power/rated power/power output | {s} delivers {v} at full load | how much power does {s} deliver/how powerful is {s}
weight | weight/net weight/mass | {s} weighs {v} | how much does {s} weigh/how heavy is {s}
length | mounting height/installation height | {s} is mounted {v} above the floor | how high is {s} mounted
pressure | operating pressure/rated pressure/pressure rating | {s} has to bear {v} | how much pressure does {s} bear/what pressure must {s} withstand
period | service interval/maintenance interval/inspection cycle | {s} is serviced every {v} | how often is {s} serviced/how much time lies between services of {s}
period | warranty/warranty period/guarantee period | {s} comes with {v} of warranty | how long is {s} under warranty
company | manufacturer/maker/vendor/supplier | {s} is made by {v}/{s} was bought from {v} | who makes {s}/which company built {s}/who supplied {s}
date | commissioning date/start of operation/date of commissioning | {s} went into operation on {v} | when did {s} go into operation/when was {s} commissioned
code | inventory number/asset number/asset tag | {s} is registered as {v} | under which number is {s} registered
place | installation site/place of installation | {s} stands in {v} | where does {s} stand/where is {s} installed
percent | measurement error/permitted error/tolerance | {s} is off by no more than {v} | how far may {s} be off/what error is allowed for {s}
frequency | sampling rate/sampling frequency | {s} samples at {v} | how fast does {s} sample
# goods: tea/flour/paint/battery/bolt/lamp/glue/cloth/juice/cable/rice | {B} {n}/{n} {c}/the {c} {n}/{B} premium {n}
money | price/unit price/retail price/selling price | {s} sells at {v}/{s} costs {v} | how much does {s} cost/what does one pay for {s}
count | stock/quantity in stock/units in stock | {v} units of {s} are in stock | how many units of {s} are left/how much {s} is in stock
code | item number/batch number/article number | {s} carries the number {v} | which number does {s} carry
=Norway,Kenya,Peru,Vietnam,Portugal,Chile,Japan,Poland,Morocco,Turkey,Canada | origin/country of origin/provenance | {s} comes from {v} | where does {s} come from/which country is {s} from
period | shelf life/keeping time/storage life | {s} keeps for {v} | how long does {s} keep/after what time does {s} go bad
weight | box weight/weight per box/weight of a box | a box of {s} weighs {v} | how heavy is a box of {s}
percent | discount/price reduction/rebate | {s} is reduced by {v} | by how much is {s} reduced
company | supplier/vendor/source of supply | {s} is supplied by {v} | who supplies {s}/from which company does {s} come
temperature | storage temperature/keeping temperature | {s} is to be stored at {v} | how cold must {s} be stored/at what temperature is {s} kept
# building: hall/warehouse/library/workshop/laboratory/gymnasium/canteen/car park/dormitory | the {B} {n}/{n} {c}/the [pos] {n}
area | floor area/area/usable area | {s} covers {v} | how big is {s}/how much ground does {s} cover
people | capacity/maximum occupancy/number of places | {s} has room for {v} | how many people fit into {s}/how many does {s} hold
clock | opening time/opening hour | {s} opens at {v} | when does {s} open/at what time does {s} open
clock | closing time/closing hour | {s} closes at {v} | when does {s} close/until when is {s} open
place | address/location/site | {s} is located at {v} | where is {s}/where can {s} be found
money | rent/monthly rent/rent per month | {s} is let for {v} a month | how much is the rent of {s}/what does {s} cost per month
person | caretaker/manager/administrator | {v} takes care of {s} | who takes care of {s}/who manages {s}
phone | phone number/telephone/contact number | {s} can be reached on {v} | which number reaches {s}/how can {s} be called
date | completion date/opening date/date of completion | {s} was completed on {v} | when was {s} completed
# transit: train/flight/ferry/bus/coach | {n} {c}/the {c} {n}
clock | departure time/departure | {s} leaves at {v} | when does {s} leave/at what time does {s} depart
clock | arrival time/arrival | {s} arrives at {v} | when does {s} arrive/at what time does {s} get in
money | fare/ticket price/single fare | a seat on {s} costs {v} | how much is a seat on {s}/what does a ticket for {s} cost
=3A,7,B12,C5,T2-31,11,4B,G9 | platform/gate/bay | {s} leaves from platform {v} | from which platform does {s} leave
length | distance/route length/length of the route | {s} covers {v} | how far does {s} go
person | driver/captain/driver on duty | {s} is driven by {v} | who drives {s}/who is at the wheel of {s}
count | seats/number of seats/seating capacity | {s} has {v} seats | how many seats does {s} have
# crop: wheat/maize/apple/grape/cotton/soybean/barley/potato | {B} {n}/the {c} {n}/[pos] {n}
weight | yield/yield per acre/harvest | {s} brings in {v} per acre | how much does {s} bring in
area | planted area/acreage/area under cultivation | {s} is grown on {v} | how much land is {s} grown on
date | sowing date/date of sowing | {s} was sown on {v} | when was {s} sown
period | growing time/time to maturity/growing season | {s} is ripe after {v} | how long does {s} take to ripen
percent | germination rate/share of germinating seeds | {v} of the seeds of {s} germinate | how many seeds of {s} germinate
=rust,aphids,mildew,leafhoppers,spider mites,wilt,blight | main pest/principal disease/main threat | {s} suffers mostly from {v} | what does {s} suffer from/which disease threatens {s}
"""

_PEOPLE = """
# project: project/programme/study/initiative/expansion/renovation | the {B} {n}/project {B}/the [func] {n}/{n} {c}
money | budget/total budget/funding/total cost | {s} has a budget of {v}/{v} were granted for {s} | how much may {s} cost/how much money was granted for {s}
person | leader/project manager/head/coordinator | {s} is led by {v}/{v} heads {s} | who leads {s}/who is in charge of {s}/who heads {s}
date | deadline/due date/completion date | {s} is due on {v}/{s} must be finished by {v} | when is {s} due/by when must {s} be finished
date | start date/kick-off/launch date | {s} started on {v}/work on {s} began on {v} | when did {s} start/since when has {s} been running
people | staff/team size/number of staff | {s} employs {v} | how many people work on {s}/how big is the team of {s}
percent | progress/degree of completion/completion rate | {v} of {s} is done | how far along is {s}/how much of {s} is done
company | contractor/implementing company | {s} was awarded to {v} | which company carries out {s}/who was awarded {s}
code | project number/reference/file number | {s} is filed under {v} | under which reference is {s} filed
place | site/place of work/location | {s} is carried out at {v} | where is {s} carried out
# contract: contract/agreement/order/lease/licence/purchase order | {n} {c}/the {B} {n}/the {c} {n}
money | contract sum/total price/contract value/total amount | {s} is worth {v}/under {s} the price is {v} | how much is {s} worth/what is to be paid under {s}
percent | penalty rate/late payment penalty/penalty for delay | a breach of {s} costs {v} per week of delay | what penalty applies to a breach of {s}
percent | advance payment/down payment/deposit | {v} of the price of {s} is paid in advance | how much is paid in advance under {s}/what share of {s} is paid up front
date | signing date/date of signature | {s} was signed on {v} | when was {s} signed/on which day was {s} signed
date | expiry date/end date/date of expiry | {s} ends on {v}/{s} expires on {v} | when does {s} expire/until when does {s} run
company | buyer/client/purchaser | {v} is the buyer under {s} | who buys under {s}
company | seller/vendor/provider | {v} is the seller under {s} | who sells under {s}
person | signatory/authorised signatory | {s} was signed by {v} | who signed {s}
period | payment period/payment term/time for payment | invoices under {s} are payable within {v} | how soon must invoices under {s} be paid
period | notice period/period of notice/termination notice | {s} can be ended with {v} of notice | how much notice does it take to end {s}
=the courts of Bern,the Vienna arbitration centre,the courts of Leeds,a sole arbitrator in Oslo,the district court of Ghent | place of jurisdiction/forum for disputes | disputes about {s} go to {v} | where are disputes about {s} settled/who decides disputes about {s}
# person: engineer/teacher/technician/nurse/editor/coach/analyst | {p}/{p}
phone | phone number/telephone number/extension | {s} can be called on {v} | how can {s} be called/which number does {s} have
email | e-mail address/mail address/e-mail | mail for {s} goes to {v} | how can {s} be reached by mail
=Marketing,Quality Control,Finance,Legal,Procurement,Archives,Facilities,Research,Payroll,Logistics | department/division | {s} works in {v} | which department does {s} work in/where does {s} belong
code | staff number/badge number/employee number | {s} has the badge {v} | which badge does {s} carry
date | entry date/joining date/first day | {s} joined on {v} | when did {s} join/since when has {s} been with us
money | salary/monthly salary/pay | {s} earns {v} a month | how much does {s} earn
place | office/workplace | {s} sits in {v} | where does {s} sit/where is {s} to be found
ordinal | rank/place in the ranking/ranking | {s} came {v} in the ranking | which place did {s} reach/how did {s} rank
# course: course/seminar/exam/training/lecture | the {B} {n}/{n} {c}/the [func] {n}
count | hours/number of hours/teaching hours | {s} takes {v} hours | how many hours does {s} take
integer | pass mark/passing score/minimum score | one passes {s} with {v} points | how many points does it take to pass {s}
person | lecturer/teacher/instructor | {s} is taught by {v} | who teaches {s}/who gives {s}
place | classroom/venue/place | {s} is held in {v} | where is {s} held
people | participant limit/number of places/enrolment limit | {s} is limited to {v} | how many can take part in {s}
# event: conference/exhibition/festival/tournament/fair/forum/regatta | the {B} {n}/the {o} {B} {n}/the [func] {n}
date | date/day of the event/opening day | {s} takes place on {v}/{s} opens on {v} | when does {s} take place/on which day does {s} open
place | venue/place of the event | {s} is held at {v} | where is {s} held/where does {s} take place
people | attendance/number of participants/turnout | {v} registered for {s} | how many took part in {s}/how many people registered for {s}
money | entrance fee/registration fee/ticket price | one pays {v} to attend {s} | how much does it cost to attend {s}
company | organiser/host | {s} is organised by {v} | who organises {s}
person | winner/champion/first prize | {v} won {s}/{s} was won by {v} | who won {s}/who came first in {s}
date | registration deadline/closing date for registration | registration for {s} closes on {v} | until when can one register for {s}
# chemical: reagent/alloy/solution/catalyst/sample/ointment/compound | the {B} {n}/{n} {c}/{l}
percent | concentration/mass fraction/strength | {s} has a strength of {v} | how strong is {s}
volume | dose/amount per use/dosage | {v} of {s} are added each time | how much of {s} is added
temperature | reaction temperature/melting point | {s} begins to react at {v} | at what temperature does {s} react
duration | settling time/stirring time/reaction time | {s} is left to stand for {v} | how long is {s} left to stand
times | daily applications/applications per day | {s} is applied {v} times a day | how often a day is {s} applied
=chilled,in the dark,sealed,dry,frozen,at room temperature | storage condition/way of storage | {s} is kept {v} | how is {s} kept
decimal | pH value/pH/acidity | {s} is set to a pH of {v} | which pH does {s} have
hex | trace code/sample identifier | {s} bears the trace code {v} | which trace code does {s} bear
"""

DOMAINS: tuple[Domain, ...] = parse_domains(_SYSTEMS + _THINGS.lstrip("\n") + _PEOPLE.lstrip("\n"), EN)
