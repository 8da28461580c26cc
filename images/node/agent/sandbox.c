// "sandbox": the namespaces that a pod's containers share, held by files so that no process is needed for them.
//
// Keys: dir hostname hostnetwork(1) sharepid(1) ip (cidr) gateway link (host end of the veth) bridge mtu sysctl* ("net/ipv4/x=v").
// Makes dir/net (unless hostnetwork), dir/uts, dir/ipc. RESULT "ok" "pid" N: the process that holds a shared pid namespace, or 0.
#include "agent.h"
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

static int set_sysctl(const char *assignment) {
  char path[300];
  const char *equals = strchr(assignment, '=');
  if (!equals || snprintf(path, sizeof path, "/proc/sys/%.*s", (int)(equals - assignment), assignment) >= (int)sizeof path) return -EINVAL;
  return write_file(path, equals + 1, strlen(equals + 1), 0644);
}

// The holder's side: enters new namespaces, sets them up, says so with an errno on `report`, then waits to be killed.
static void hold(const struct list *l, int report) {
  const char *hostname = list_get(l, "hostname");
  bool host_network = list_number(l, "hostnetwork", 0);
  int error = 0;
  if (unshare(CLONE_NEWUTS | CLONE_NEWIPC | (host_network ? 0 : CLONE_NEWNET)) < 0) error = errno;
  if (!error && hostname && sethostname(hostname, strlen(hostname)) < 0) error = errno;
  if (!error && !host_network) {
    error = -link_up("lo");
    write_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0", 1, 0644);
    write_file("/proc/sys/net/ipv4/ping_group_range", "0 2147483647", 12, 0644);
  }
  for (int i = 1; !error && i + 1 < l->count; i += 2)
    if (!strcmp(l->item[i], "sysctl")) error = -set_sysctl(l->item[i + 1]);
  if (write(report, &error, sizeof error) < 0) _exit(1);
  close(report);
  if (list_number(l, "sharepid", 0)) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execl("/init", "/pause", NULL);
  }
  for (;;) pause();
}

static int keep_namespace(pid_t pid, const char *dir, const char *kind) {
  char from[64], to[300];
  snprintf(from, sizeof from, "/proc/%d/ns/%s", pid, kind);
  snprintf(to, sizeof to, "%s/%s", dir, kind);
  int fd = open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0444);
  if (fd < 0) return -errno;
  close(fd);
  return mount(from, to, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

struct addressing {
  const char *ip, *gateway;
};
static int address_pod(void *argument) {
  struct addressing *a = argument;
  int r = link_up("eth0");
  if (r == 0) r = address_add("eth0", a->ip);
  if (r == 0 && a->gateway) r = route_add("0.0.0.0/0", a->gateway);
  return r;
}

static int connect_pod(const struct list *l, const char *dir) {
  char path[300];
  const char *link = list_get(l, "link"), *bridge = list_get(l, "bridge");
  struct addressing a = {list_get(l, "ip"), list_get(l, "gateway")};
  if (!link || !a.ip || !bridge) return -EINVAL;
  snprintf(path, sizeof path, "%s/net", dir);
  int netns = open(path, O_RDONLY | O_CLOEXEC);
  if (netns < 0) return -errno;
  int r = create_pod_link(netns, link, bridge, list_number(l, "mtu", 1500));
  close(netns);
  return r < 0 ? r : with_network(path, address_pod, &a);
}

void open_sandbox(uint32_t id, const struct list *l) {
  const char *dir = list_get(l, "dir");
  bool host_network = list_number(l, "hostnetwork", 0), share_pid = list_number(l, "sharepid", 0);
  int report[2], here = -1, r;
  if (!dir || (r = make_directories(dir, 0755)) < 0) {
    stream_error_id(id, dir ? -r : EINVAL, "sandbox directory");
    return;
  }
  if (pipe2(report, O_CLOEXEC) < 0) abort();
  if (share_pid) {
    here = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    unshare(CLONE_NEWPID); // for the next child only: put back below
  }
  pid_t pid = fork();
  if (pid == 0) hold(l, report[1]);
  if (here >= 0) {
    setns(here, CLONE_NEWPID);
    close(here);
  }
  close(report[1]);
  int error = 0;
  if (pid < 0) error = EAGAIN;
  else if (read(report[0], &error, sizeof error) != sizeof error) error = ECHILD;
  close(report[0]);
  const char *what = "sandbox namespaces";
  const char *kinds[] = {"uts", "ipc", "net"};
  for (int i = 0; !error && i < (host_network ? 2 : 3); i++) error = -keep_namespace(pid, dir, kinds[i]);
  if (!error && !host_network) {
    what = "sandbox network";
    error = -connect_pod(l, dir);
  }
  if (pid > 0 && (error || !share_pid)) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
  }
  if (error) {
    stream_error_id(id, error, what);
    return;
  }
  static const struct operation none;
  char number[12];
  snprintf(number, sizeof number, "%d", share_pid ? pid : 0);
  stream_result(stream_new(id, &none, NULL), "ok", "pid", number, NULL);
}
