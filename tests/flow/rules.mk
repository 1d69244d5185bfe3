# End-to-end flows on real Kafka. FLOWS="spine http" runs only those.
FLOWS ?=

.PHONY: test-flow test-api test-long kafka
kafka:
	/usr/bin/python3 tests/lib/kafka.py install

test-flow: $(OUT)/aisle kafka
	AISLE=$(OUT)/aisle /usr/bin/python3 tests/flow/run.py $(FLOWS)

# ten minutes of requests made from openapi.yaml
API_SECONDS ?= 600
test-api: $(OUT)/aisle kafka
	AISLE=$(OUT)/aisle API_SECONDS=$(API_SECONDS) /usr/bin/python3 tests/flow/run.py conformance

# 100 kills of the processor, 20 of the broker and of a replay, more events
test-long: $(OUT)/aisle kafka
	AISLE=$(OUT)/aisle FLOW_KILLS=100 FLOW_BROKER_KILLS=20 FLOW_REPLAY_KILLS=20 FLOW_EVENTS=300000 \
		/usr/bin/python3 tests/flow/run.py kill broker_kill spine replay replay_live
