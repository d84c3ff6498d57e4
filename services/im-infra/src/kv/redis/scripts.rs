//! What takes more than one command and must be atomic.

use redis::Script;

pub(super) struct Scripts {
    /// `key`, ttl in ms, field, value, …: sets fields and the whole hash's time to live. Another kind is refused before anything is changed.
    pub(super) hash_set: Script,
    /// `lock fence`, owner, ttl in ms, how much longer the fence is kept in ms: the fence, or nothing while the lock is held.
    pub(super) take: Script,
    /// `lock`, owner, ttl in ms: whether it is still the owner's, and now for longer.
    pub(super) extend: Script,
    /// `lock`, owner: whether it was still the owner's.
    pub(super) release: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            hash_set: Script::new(HASH_SET),
            take: Script::new(TAKE),
            extend: Script::new(EXTEND),
            release: Script::new(RELEASE),
        }
    }
}

const HASH_SET: &str = r"
local fields = redis.call('HLEN', KEYS[1])
for i = 2, #ARGV, 2 do
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return fields
";

// The fence is at least the time, in microseconds, so that it grows though the server lost its data; numbers of Lua are exact
// that far until the year 2255.
const TAKE: &str = r"
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
    return false
end
local time = redis.call('TIME')
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local fence = math.max(last + 1, time[1] * 1000000 + time[2])
redis.call('SET', KEYS[2], string.format('%.0f', fence), 'PX', ARGV[2] + ARGV[3])
return fence
";

const EXTEND: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
";

const RELEASE: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return 0
end
return redis.call('DEL', KEYS[1])
";
