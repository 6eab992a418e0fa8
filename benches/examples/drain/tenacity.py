import http.client
import sys
import threading
import time
import urllib.parse

import tenacity

url, requests, callers, attempts = sys.argv[1], *map(int, sys.argv[2:5])
delay, delay_max = map(float, sys.argv[5:7])
host = urllib.parse.urlsplit(url).netloc


class Refused(Exception):
    pass


# The pattern of the OpenAI Cookbook, "How to handle rate limits".
@tenacity.retry(
    wait=tenacity.wait_random_exponential(multiplier=delay, max=delay_max),
    stop=tenacity.stop_after_attempt(attempts),
    retry=tenacity.retry_if_exception_type(Refused),
)
def send(connection):
    connection.request("GET", "/")
    response = connection.getresponse()
    response.read()
    if response.status == 429:
        raise Refused


lock = threading.Lock()
left = requests
done = 0


def caller():
    global left, done
    connection = http.client.HTTPConnection(host)
    while True:
        with lock:
            if left == 0:
                return
            left -= 1
        try:
            send(connection)
        except tenacity.RetryError:
            continue
        with lock:
            done += 1


start = time.monotonic()
threads = [threading.Thread(target=caller) for _ in range(callers)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(done, time.monotonic() - start)
