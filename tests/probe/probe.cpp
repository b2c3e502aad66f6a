// The probe: a static program that runs inside a container and prints what it sees, one JSON value a line.
//
//   probe report [SECTION...]      one object with the named sections, or with all of them
//   probe ACTION ARGUMENT...       does something and says how it went
//   probe X ... + Y ... + Z ...    several of these, one after the other
#include "probe.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace probe {

std::optional<std::string> read_file(const char* path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return std::nullopt;
    std::string text;
    char buffer[4096];
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            int saved = errno;
            close(fd);
            errno = saved;
            return got < 0 ? std::nullopt : std::optional(text);
        }
        text.append(buffer, static_cast<std::size_t>(got));
    }
}

std::optional<std::string> read_link(const char* path) {
    char buffer[PATH_MAX];
    ssize_t got = readlink(path, buffer, sizeof buffer);
    if (got < 0)
        return std::nullopt;
    return std::string(buffer, static_cast<std::size_t>(got));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        std::size_t end = std::min(text.find(separator), text.size());
        if (end > 0)
            parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

void print_line(const std::string& text) {
    std::string line = text + '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
        ssize_t put = write(STDOUT_FILENO, rest.data(), rest.size());
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            _exit(120); // an output that nobody takes must not look like success
        rest.remove_prefix(static_cast<std::size_t>(put));
    }
}

std::string status_field(std::string_view name) {
    std::string status = read_file("/proc/self/status").value_or("");
    for (std::string_view line : split(status, '\n')) {
        if (!line.starts_with(name) || line.substr(name.size(), 1) != ":")
            continue;
        line.remove_prefix(name.size() + 1);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        return std::string(line);
    }
    return {};
}

namespace {

const NamedReport* find_report(std::string_view name) {
    for (auto table : {process_reports(), inside_reports(), outside_reports()})
        for (const NamedReport& entry : table)
            if (entry.name == name)
                return &entry;
    return nullptr;
}

const NamedAction* find_action(std::string_view name) {
    for (auto table : {actions(), file_actions(), hunt_actions(), call_actions()})
        for (const NamedAction& entry : table)
            if (entry.name == name)
                return &entry;
    return nullptr;
}

void add(Json& json, const NamedReport& entry) {
    json.key(entry.name);
    entry.report(json);
}

int report(Arguments names) {
    Json json;
    json.object();
    for (const char* name : names) {
        const NamedReport* entry = find_report(name);
        if (!entry) {
            dprintf(STDERR_FILENO, "probe: no section \"%s\"\n", name);
            return 125;
        }
        add(json, *entry);
    }
    // Descriptors come first: a section before them could leave one open and be taken for a leak.
    if (names.empty())
        for (auto table : {outside_reports(), process_reports(), inside_reports()})
            for (const NamedReport& entry : table)
                add(json, entry);
    print_line(json.close().str());
    return 0;
}

void print_table(std::span<const NamedAction> table) {
    for (const NamedAction& entry : table)
        dprintf(STDERR_FILENO, "  probe %.*s %.*s\n", static_cast<int>(entry.name.size()), entry.name.data(),
                static_cast<int>(entry.usage.size()), entry.usage.data());
}

int usage() {
    dprintf(STDERR_FILENO, "usage: probe report [SECTION...]\n");
    print_table(actions());
    print_table(file_actions());
    print_table(hunt_actions());
    print_table(call_actions());
    return 125;
}

int perform(Arguments words) {
    if (words.empty())
        return usage();
    std::string_view name = words[0];
    if (name == "report")
        return report(words.subspan(1));
    const NamedAction* entry = find_action(name);
    return entry ? entry->action(words.subspan(1)) : usage();
}

int perform_all(Arguments words) {
    int status = 0;
    for (;;) {
        auto plus = std::find_if(words.begin(), words.end(), [](const char* word) { return !std::strcmp(word, "+"); });
        auto length = static_cast<std::size_t>(plus - words.begin());
        int now = perform(words.first(length));
        status = now ? now : status;
        if (length == words.size())
            return status;
        words = words.subspan(length + 1);
    }
}

}

}

int main(int argc, char** argv) {
    probe::own_arguments = {argv, static_cast<std::size_t>(argc)};
    return probe::perform_all(probe::own_arguments.subspan(1));
}
