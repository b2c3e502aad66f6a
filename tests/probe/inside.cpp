// What the container looks like from inside: its mounts, its /dev, its cgroups, its names.
#include "probe.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>

namespace probe {

namespace {

// mountinfo writes blank, tab, newline and backslash as three octal digits.
std::string decode(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 3 >= text.size()) {
            plain += text[i];
            continue;
        }
        plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
        i += 3;
    }
    return plain;
}

void texts(Json& json, std::string_view name, const std::vector<std::string_view>& values) {
    json.key(name).array();
    for (std::string_view value : values)
        json.text(value);
    json.close();
}

// proc_pid_mountinfo(5): id parent major:minor root target options [optional...] - type source superoptions
void mount(Json& json, std::string_view line) {
    auto words = split(line, ' ');
    auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 9 || words.end() - dash < 3)
        return;
    json.object();
    json.key("id").text(words[0]).key("parent").text(words[1]).key("device").text(words[2]);
    json.key("root").text(decode(words[3])).key("target").text(decode(words[4]));
    texts(json, "options", split(words[5], ','));
    texts(json, "optional", {words.begin() + 6, dash});
    json.key("type").text(dash[1]).key("source").text(decode(dash[2]));
    texts(json, "super", split(words.end() - dash > 3 ? dash[3] : "", ','));
    json.close();
}

void mounts(Json& json) {
    std::string text = read_file("/proc/self/mountinfo").value_or("");
    json.array();
    for (std::string_view line : split(text, '\n'))
        mount(json, line);
    json.close();
}

const char* type_name(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR: return "directory";
    case S_IFREG: return "file";
    case S_IFLNK: return "link";
    case S_IFCHR: return "c";
    case S_IFBLK: return "b";
    case S_IFIFO: return "p";
    default: return "other";
    }
}

void node(Json& json, const std::string& path) {
    struct stat info{};
    if (lstat(path.c_str(), &info) < 0) {
        json.null();
        return;
    }
    json.object();
    json.key("type").text(type_name(info.st_mode)).key("mode").number(info.st_mode & 07777);
    json.key("uid").number(info.st_uid).key("gid").number(info.st_gid);
    json.key("major").number(major(info.st_rdev)).key("minor").number(minor(info.st_rdev));
    if (S_ISLNK(info.st_mode))
        json.key("target").text(read_link(path.c_str()).value_or(""));
    json.close();
}

void devices(Json& json) {
    json.object();
    DIR* directory = opendir("/dev");
    while (dirent* entry = directory ? readdir(directory) : nullptr) {
        std::string_view name = entry->d_name;
        if (name == "." || name == "..")
            continue;
        json.key(name);
        node(json, "/dev/" + std::string(name));
    }
    if (directory)
        closedir(directory);
    json.close();
}

// One member a hierarchy: the names of its controllers, "" for version 2, to this process' path in it.
void cgroups(Json& json) {
    std::string text = read_file("/proc/self/cgroup").value_or("");
    json.object();
    for (std::string_view line : split(text, '\n')) {
        std::size_t first = line.find(':');
        std::size_t second = line.find(':', first + 1);
        json.key(line.substr(first + 1, second - first - 1)).text(line.substr(second + 1));
    }
    json.close();
}

void host(Json& json) {
    utsname names{};
    uname(&names);
    json.object();
    json.key("hostname").text(names.nodename).key("domainname").text(names.domainname);
    json.close();
}

constexpr NamedReport table[] = {
    {"mounts", mounts},
    {"devices", devices},
    {"cgroups", cgroups},
    {"host", host},
};

}

std::span<const NamedReport> inside_reports() {
    return table;
}

}
