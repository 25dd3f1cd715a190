"""English filler: sentences without values, chapter titles, and the word lists that both are drawn from."""


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


FUNC = _split(
    "billing,inventory,scheduling,audit,payment,search,archive,messaging,logging,permission,order,freight,ranking,profile,"
    "risk control,configuration,monitoring,reporting,backup,routing,cache,transcoding,collection,labelling,attendance,ticketing,"
    "storage,inspection,heating,lighting,drainage,fire safety,ventilation,irrigation,tender,training,survey,weather,water supply"
)
ACT = _split(
    "synchronisation,verification,forwarding,merging,cleanup,export,import,dispatch,upgrade,migration,replay,recovery,release,lookup"
)
ROLE = _split(
    "visitor,admin,merchant,tenant,device,student,reader,editor,volunteer,driver,contractor,auditor,partner,clerk,pilot"
)
POS = _split("eastern,western,northern,spare,main,lower,upper,mobile,temporary,central,early,improved,outdoor,backup")
ACTOR = _split(
    "the operator,the on-call team,the applicant,the project group,the caller,the administrator,both parties,the client,the supplier,"
    "the review board,the safety officer,the user,the contractor,customer support,the finance office,the server,laboratory staff,"
    "the shift leader,each developer,the downstream job,the buyer,the auditor,the editor,the coordinator"
)
MUST = _split("should,must,may,will,usually has to,is expected to,can,is free to,is obliged to,has to")
VERB = _split(
    "check,record,review,submit,store,update,explain,publish,register,assess,sort,report,count,back up,adjust,track,archive,confirm,"
    "test,hand over,summarise,inspect"
)
VERBED = _split(
    "checked,recorded,reviewed,submitted,stored,updated,explained,published,registered,sorted,reported,archived,confirmed"
)
OBJ = _split(
    "supporting documents,operating state,acceptance forms,configuration files,working steps,original receipts,test results,"
    "handover lists,anomalies,change requests,stock ledgers,training records,site photographs,interface descriptions,access rights,"
    "rollback plans,emergency plans,cost breakdowns,sample labels,historical data,attendance sheets,repair orders,spare parts,"
    "user feedback,grading rules,floor plans,entry permits,meeting decisions,key lists,patrol routes,complaints,transmission lines,"
    "cached entries,index structures,protective clothing"
)
ADJ = _split(
    "complete,latest,all,relevant,necessary,written,pending,signed,critical,duplicate,outdated,temporary,public,sensitive"
)
WHEN = _split(
    "before each handover,after acceptance,before any change,when a fault occurs,during the contract,once the system has started,"
    "before data is written,during the night shift,in bad weather,ahead of a release,when staff change,at the end of the quarter,"
    "after notice has been given,while the network is down,at first login,when samples arrive,while the machine stands still,"
    "during peak traffic,in the trial phase"
)
WHY = _split(
    "so that it can be traced later,so as not to disturb downstream jobs,to reduce false alarms,to keep both sides consistent,"
    "to avoid losing data,to shorten recovery,to protect personal data,to lower the risk of operation,to satisfy the auditors,"
    "to keep people safe,to make look-ups easier,to save manual work"
)
THING = _split(
    "this procedure,the mechanism,the rule,the new plan,this practice,the present design,double checking,graded access,"
    "asynchronous handling,the single entry point,random inspection,job rotation,staged roll-out,central purchasing,the booking system"
)
EFFECT = _split(
    "reduces manual work,speeds up handling,makes problems visible early,has proved itself in practice,leaves room for improvement,"
    "found wide approval,differs from the old way,does not suit small sites,needs everybody to cooperate,shortens the queue,"
    "lowers the cost of upkeep,does not affect existing users,depends on a reliable network,suits long-running tasks,"
    "caused some debate,has not been tested widely"
)
BUT = _split("but,and,so,while,although,because")

FILLER = (
    "[when], [actor] [must] [verb] [adj] [obj]", "[actor] [must] [verb] [adj] [obj] [why]", "[thing] [effect], [but] [actor] [must] [verb] [obj]",
    "[when], [thing] [effect]", "[actor] [must] [verb] [obj] and [obj] [why]", "[adj] [obj] are [verbed] by [actor] [when]",
    "if [actor] did not [verb] the [obj], [actor] [must] [verb] [adj] [obj]", "[thing] asks [actor] to [verb] [obj] [when], [why]",
    "[actor] believes that [thing] [effect], [but] [thing] [effect]", "[obj] must not be [verbed] [when] unless [actor] agrees",
    "the point of [thing] is to let [actor] [verb] [adj] [obj]", "until the [obj] have been [verbed], [actor] must not [verb] [obj]",
    "where [obj] are wrong, [actor] and [actor] [verb] them together", "[actor] hands [adj] [obj] to [actor] [why]",
    "[obj] are [verbed] because [thing] [effect]", "[actor] may [verb] the [obj] or leave this to [actor]",
)  # fmt: skip

TITLES = (
    "[func] and [func]", "[func] [act]", "handling of [obj]", "[func] overview", "[func] management", "duties of [actor]", "[func] requirements",
    "[obj]", "[func] security", "[func] deployment", "[func] parameters", "[act] and [act]", "[func] limits", "{s}", "{s}", "using {s}",
    "notes on {s}", "about {s}", "[func] [obj]",
)  # fmt: skip

SLOTS = {
    "func": FUNC, "act": ACT, "role": ROLE, "pos": POS, "actor": ACTOR, "must": MUST, "verb": VERB, "verbed": VERBED, "obj": OBJ,
    "adj": ADJ, "when": WHEN, "why": WHY, "thing": THING, "effect": EFFECT, "but": BUT,
}  # fmt: skip
