// logcheck checks the log proofs of an unpacked bundle with golang.org/x/mod/sumdb, which knows nothing of ipguard:
// the checkpoint's signature, and for every exhibit and custody event that its entry stands under the checkpoint.
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	folder := os.Args[1]
	vkey := strings.TrimSpace(read(filepath.Join(folder, "data/log/vkey")))
	if len(os.Args) > 2 {
		vkey = os.Args[2]
	}
	verifier, err := note.NewVerifier(vkey)
	check(err)
	signed := read(filepath.Join(folder, "data/log/checkpoint"))
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	check(err)
	size, root := head(opened.Text)
	fmt.Printf("checkpoint %d signed by %s\n", size, opened.Sigs[0].Name)
	for _, pattern := range []string{"data/items/*/record", "data/custody/*/custody", "data/log/keys/*/key"} {
		proofs, err := filepath.Glob(filepath.Join(folder, pattern+".tlog-proof"))
		check(err)
		for _, name := range proofs {
			index, path, checkpoint := proof(read(name))
			if checkpoint != signed {
				fail("%s ends in another checkpoint", name)
			}
			entry := read(filepath.Join(filepath.Dir(name), "entry.json"))
			check(tlog.CheckRecord(path, size, root, index, tlog.RecordHash([]byte(entry))))
			fmt.Printf("entry %d proven: %s\n", index, filepath.Base(filepath.Dir(name)))
		}
	}
}

func head(text string) (int64, tlog.Hash) {
	lines := strings.Split(text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err := tlog.ParseHash(lines[2])
	check(err)
	return size, root
}

func proof(text string) (int64, tlog.RecordProof, string) {
	before, checkpoint, found := strings.Cut(text, "\n\n")
	lines := strings.Split(before, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		fail("not a tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	check(err)
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		check(err)
		var hash tlog.Hash
		copy(hash[:], raw)
		path = append(path, hash)
	}
	return index, path, checkpoint
}

func read(name string) string {
	data, err := os.ReadFile(name)
	check(err)
	return string(data)
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, given ...any) {
	fmt.Printf("BAD "+format+"\n", given...)
	os.Exit(1)
}
