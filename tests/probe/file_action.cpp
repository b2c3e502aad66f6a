// Actions on files: each prints one JSON object with the path and the error number, 0 for success.
#include "probe.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace probe {

namespace {

void begin(Json& json, const char* path, int error) {
    json.object().key("path").text(path).key("errno").number(error);
    if (error)
        json.key("error").text(std::strerror(error));
}

int finish(Json& json) {
    print_line(json.close().str());
    return 0;
}

int result(const char* path, bool failed) {
    Json json;
    begin(json, path, failed ? errno : 0);
    return finish(json);
}

int stat_paths(Arguments paths) {
    for (const char* path : paths) {
        struct stat info{};
        struct statfs system{};
        bool failed = lstat(path, &info) < 0;
        Json json;
        begin(json, path, failed ? errno : 0);
        if (!failed) {
            json.key("mode").number(info.st_mode & 07777).key("format").number(info.st_mode & S_IFMT);
            json.key("uid").number(info.st_uid).key("gid").number(info.st_gid).key("size").number(info.st_size);
            json.key("major").number(major(info.st_rdev)).key("minor").number(minor(info.st_rdev));
            if (S_ISLNK(info.st_mode))
                json.key("target").text(read_link(path).value_or(""));
            if (statfs(path, &system) == 0)
                json.key("filesystem").number(system.f_type);
        }
        finish(json);
    }
    return 0;
}

int read_paths(Arguments paths) {
    for (const char* path : paths) {
        auto text = read_file(path);
        Json json;
        begin(json, path, text ? 0 : errno);
        if (text)
            json.key("text").text(*text);
        finish(json);
    }
    return 0;
}

int list_paths(Arguments paths) {
    for (const char* path : paths) {
        DIR* directory = opendir(path);
        Json json;
        begin(json, path, directory ? 0 : errno);
        json.key("names").array();
        while (dirent* entry = directory ? readdir(directory) : nullptr)
            if (std::strcmp(entry->d_name, ".") && std::strcmp(entry->d_name, ".."))
                json.text(entry->d_name);
        if (directory)
            closedir(directory);
        json.close();
        finish(json);
    }
    return 0;
}

// Opens for writing without truncation and writes TEXT, if there is one.
int write_path(Arguments words) {
    if (words.empty())
        return 125;
    int fd = open(words[0], O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    bool failed = fd < 0;
    if (!failed && words.size() > 1)
        failed = write(fd, words[1], std::strlen(words[1])) < 0;
    return result(words[0], failed);
}

int create_path(Arguments words) {
    if (words.empty())
        return 125;
    int fd = open(words[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return result(words[0], fd < 0);
}

int remount_writable(Arguments words) {
    if (words.empty())
        return 125;
    return result(words[0], mount(nullptr, words[0], nullptr, MS_REMOUNT | MS_BIND, nullptr) < 0);
}

int unmount(Arguments words) {
    if (words.empty())
        return 125;
    return result(words[0], umount2(words[0], MNT_DETACH) < 0);
}

// Makes the node in DIRECTORY, opens it, and removes it. Two error numbers: "mknod" and "open".
int open_device(Arguments words) {
    if (words.size() < 4)
        return 125;
    std::string path = std::string(words[0]) + "/probe-device";
    mode_t type = words[1][0] == 'b' ? S_IFBLK : S_IFCHR;
    dev_t number = makedev(static_cast<unsigned>(std::atoi(words[2])), static_cast<unsigned>(std::atoi(words[3])));
    int made = mknod(path.c_str(), type | 0600, number) < 0 ? errno : 0;
    int opened = -1;
    if (!made) {
        int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        opened = fd < 0 ? errno : 0;
        unlink(path.c_str());
    }
    Json json;
    json.object().key("path").text(path).key("mknod").number(made).key("open").number(opened);
    return finish(json);
}

constexpr NamedAction table[] = {
    {"stat", stat_paths, "PATH..."},
    {"read", read_paths, "PATH..."},
    {"list", list_paths, "PATH..."},
    {"write", write_path, "PATH [TEXT]"},
    {"create", create_path, "PATH"},
    {"remount-writable", remount_writable, "PATH"},
    {"unmount", unmount, "PATH"},
    {"open-device", open_device, "DIRECTORY TYPE MAJOR MINOR"},
};

}

std::span<const NamedAction> file_actions() {
    return table;
}

}
