//! What is said below a table, in every format.

/// The heading of the distances from what is possible.
pub(crate) const REGRETS: &str = "How far from the best that is possible";

/// What a regret is, for whoever reads only this table.
pub(crate) const REGRET: &str = "Regret: the distance from what no policy could have beaten in the \
    same storm with as many calls brought to success, 0 at best. A success takes one send; the \
    time is bounded by the server's limits, as by (N − burst) / rate for a token bucket.";

/// The column that says what a client does without Redis, and what that is of.
pub(crate) const RULE: [&str; 2] = ["Rule", "sends without Redis"];

/// How the table of Redis is read.
pub(crate) const REDIS: &str = "Only of the policies under which clients share their quota in \
    Redis; all clients together. A client asks Redis for a lease of permits and sends from it. \
    When a call of Redis is not answered in time it uses up its lease, and from then on the rule \
    of the policy decides what it sends: its share of the rate, nothing, or everything. What is \
    sent without Redis keeps calls from waiting, and may be more than the server permits: hold it \
    against the 429s and the time to drain of the same policy.";
