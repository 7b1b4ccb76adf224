// A hub for each room and two goroutines for each connection, as gorilla's chat example is built: what waits for a
// connection leaves in one message, and a connection whose channel is full is dropped. With the argument "each", every
// message leaves as a message of its own, for clients that are not to split what they get.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/gorilla/websocket"
)

const waitingPerConnection = 256

type hub struct {
	members map[*member]bool
	enter   chan *member
	leave   chan *member
	spread  chan []byte
}

type member struct {
	hub     *hub
	socket  *websocket.Conn
	waiting chan []byte
}

var upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}
var newline = []byte{'\n'}
var hubs sync.Map
var isEachAlone = len(os.Args) > 1 && os.Args[1] == "each"

func main() {
	returnMemoryWhenAsked()
	http.HandleFunc("/ws", serve)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("listens on http://%s\n", listener.Addr())
	panic(http.Serve(listener, nil))
}

// What the collector freed goes back to the system, so that what the process holds can be told.
func returnMemoryWhenAsked() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR2)
	go func() {
		for range asked {
			debug.FreeOSMemory()
		}
	}()
}

func serve(writer http.ResponseWriter, request *http.Request) {
	room := hubOf(request.URL.Query().Get("room"))
	socket, err := upgrader.Upgrade(writer, request, nil)
	if err != nil {
		return
	}
	one := &member{hub: room, socket: socket, waiting: make(chan []byte, waitingPerConnection)}
	room.enter <- one
	go one.write()
	go one.read()
}

func hubOf(name string) *hub {
	made := &hub{make(map[*member]bool), make(chan *member), make(chan *member), make(chan []byte)}
	found, isKnown := hubs.LoadOrStore(name, made)
	if !isKnown {
		go made.run()
	}
	return found.(*hub)
}

func (h *hub) run() {
	for {
		select {
		case one := <-h.enter:
			h.members[one] = true
		case one := <-h.leave:
			h.drop(one)
		case message := <-h.spread:
			for one := range h.members {
				select {
				case one.waiting <- message:
				default:
					h.drop(one)
				}
			}
		}
	}
}

func (h *hub) drop(one *member) {
	if h.members[one] {
		delete(h.members, one)
		close(one.waiting)
	}
}

func (m *member) read() {
	defer func() {
		m.hub.leave <- m
		m.socket.Close()
	}()
	for {
		_, message, err := m.socket.ReadMessage()
		if err != nil {
			return
		}
		m.hub.spread <- message
	}
}

func (m *member) write() {
	defer m.socket.Close()
	for message := range m.waiting {
		if m.send(message) != nil {
			return
		}
	}
}

func (m *member) send(message []byte) error {
	if isEachAlone {
		return m.socket.WriteMessage(websocket.TextMessage, message)
	}
	return m.writeWaiting(message)
}

// One message holds all that waits.
func (m *member) writeWaiting(first []byte) error {
	message, err := m.socket.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	message.Write(first)
	for count := len(m.waiting); count > 0; count-- {
		message.Write(newline)
		message.Write(<-m.waiting)
	}
	return message.Close()
}
