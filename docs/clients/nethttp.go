// Goroutines that take URLs from one channel: nethttp LIST WORKERS. To build: go build nethttp.go
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

type download struct {
	unit, status int
	bytes        int64
	start, end   time.Duration
}

var began = time.Now()
var cpuWork, _ = strconv.ParseFloat(os.Getenv("CONC_BENCH_CPU_WORK"), 64)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func threadCPUTime() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(1 /* RUSAGE_THREAD */, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func spendCPUTime() {
	runtime.LockOSThread() // the time is that of one thread
	defer runtime.UnlockOSThread()
	for end := threadCPUTime() + cpuWork; threadCPUTime() < end; {
	}
}

func get(client *http.Client, unit int, url string) download {
	start := time.Since(began)
	response, err := client.Get(url)
	check(err)
	defer response.Body.Close()
	bytes, err := io.Copy(io.Discard, response.Body) // only a body that was read to its end leaves a connection to use again
	check(err)
	if cpuWork > 0 {
		spendCPUTime()
	}
	return download{unit, response.StatusCode, bytes, start, time.Since(began)}
}

func main() {
	list, err := os.ReadFile(os.Args[1])
	check(err)
	workers, err := strconv.Atoi(os.Args[2])
	check(err)
	urls := strings.Fields(string(list))
	// By default only 2 idle connections to a host are kept.
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	units := make(chan int)
	downloads := make([]download, len(urls))
	var pool sync.WaitGroup
	for i := 0; i < workers; i++ {
		pool.Add(1)
		go func() {
			defer pool.Done()
			for unit := range units {
				downloads[unit] = get(client, unit, urls[unit])
			}
		}()
	}
	for unit := range urls {
		units <- unit
	}
	close(units)
	pool.Wait()

	var report strings.Builder
	exitStatus := 0
	for _, d := range downloads {
		fmt.Fprintf(&report, "%d %d %d %.9f %.9f\n", d.unit, d.status, d.bytes, d.start.Seconds(), d.end.Seconds())
		if d.status < 200 || d.status > 299 {
			log.Printf("%s: %d", urls[d.unit], d.status)
			exitStatus = 1
		}
	}
	if path := os.Getenv("CONC_BENCH_REPORT"); path != "" {
		check(os.WriteFile(path, []byte(report.String()), 0o644))
	}
	os.Exit(exitStatus)
}
