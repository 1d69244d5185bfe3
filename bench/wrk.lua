-- Asks the paths of a file in turn, each thread from another place; with a second argument each connection waits before
-- each request, so many ms on an average, as visitors do who do not know of each other: exponentially. With equal waits all
-- connections would ask at once, again and again. One line of JSON at the end.
local threads = 0

function setup(thread)
	thread:set("place", threads * 7919)
	threads = threads + 1
end

function init(args)
	paths = {}
	for line in io.lines(args[1]) do
		paths[#paths + 1] = wrk.format("GET", line)
	end
	if args[2] then
		local ms = tonumber(args[2])
		math.randomseed(place)
		delay = function() return math.floor(0.5 - ms * math.log(1 - math.random())) end
	end
end

function request()
	place = place + 1
	return paths[place % #paths + 1]
end

function done(summary, latency)
	local e = summary.errors
	io.write(string.format(
		'\n{"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"bad_status":%d,"broken":%d}\n',
		summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
		e.status, e.connect + e.read + e.write + e.timeout))
end
