// Links, addresses and routes by rtnetlink: what `ip` would do, without starting a program for each step.
#include "agent.h"
#include <arpa/inet.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

struct request {
  struct nlmsghdr head;
  union {
    struct ifinfomsg link;
    struct ifaddrmsg address;
    struct rtmsg route;
  };
  char attributes[512];
};

static struct rtattr *put(struct request *r, int type, const void *data, int length) {
  struct rtattr *a = (struct rtattr *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));
  a->rta_type = type;
  a->rta_len = RTA_LENGTH(length);
  if (length) memcpy(RTA_DATA(a), data, length);
  r->head.nlmsg_len = NLMSG_ALIGN(r->head.nlmsg_len) + RTA_ALIGN(a->rta_len);
  return a;
}
static void close_nest(struct request *r, struct rtattr *a) { a->rta_len = (char *)r + r->head.nlmsg_len - (char *)a; }

// Sends a request in the current network namespace and waits for the kernel's verdict: 0 or -errno.
static int ask(struct request *r, int type, int flags) {
  int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (s < 0) return -errno;
  r->head.nlmsg_type = type;
  r->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
  r->head.nlmsg_seq = 1;
  char answer[4096];
  int result = -EIO;
  if (send(s, r, r->head.nlmsg_len, 0) < 0) result = -errno;
  else if (recv(s, answer, sizeof answer, 0) >= (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr))) {
    struct nlmsghdr *h = (struct nlmsghdr *)answer;
    if (h->nlmsg_type == NLMSG_ERROR) result = ((struct nlmsgerr *)NLMSG_DATA(h))->error;
  }
  close(s);
  return result;
}

static struct request link_request(const char *name) {
  struct request r = {.head.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)), .link = {.ifi_family = AF_UNSPEC}};
  if (name) r.link.ifi_index = if_nametoindex(name);
  return r;
}

int link_up(const char *name) {
  struct request r = link_request(name);
  if (!r.link.ifi_index) return -ENODEV;
  r.link.ifi_flags = r.link.ifi_change = IFF_UP;
  return ask(&r, RTM_NEWLINK, 0);
}

static int link_change(const char *name, int attribute, const void *value, int length) {
  struct request r = link_request(name);
  if (!r.link.ifi_index) return -ENODEV;
  put(&r, attribute, value, length);
  return ask(&r, RTM_NEWLINK, 0);
}

static int link_set_mac(const char *name, const char *text) {
  uint8_t mac[6];
  if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6) return -EINVAL;
  return link_change(name, IFLA_ADDRESS, mac, 6);
}

static int bridge_create(const char *name, int mtu) {
  if (if_nametoindex(name)) return 0;
  struct request r = link_request(NULL);
  put(&r, IFLA_IFNAME, name, strlen(name) + 1);
  put(&r, IFLA_MTU, &mtu, 4);
  struct rtattr *info = put(&r, IFLA_LINKINFO, NULL, 0);
  put(&r, IFLA_INFO_KIND, "bridge", 6);
  close_nest(&r, info);
  return ask(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
}

static int link_delete(const char *name) {
  struct request r = link_request(name);
  return r.link.ifi_index ? ask(&r, RTM_DELLINK, 0) : 0;
}

// A veth pair: `host_name` here, on the bridge with hairpin (a pod may reach itself through a Service), and eth0 in the namespace `peer_netns`.
int create_pod_link(int peer_netns, const char *host_name, const char *bridge, int mtu) {
  struct request r = link_request(NULL);
  int master = if_nametoindex(bridge);
  put(&r, IFLA_IFNAME, host_name, strlen(host_name) + 1);
  put(&r, IFLA_MTU, &mtu, 4);
  if (master) put(&r, IFLA_MASTER, &master, 4);
  struct rtattr *info = put(&r, IFLA_LINKINFO, NULL, 0);
  put(&r, IFLA_INFO_KIND, "veth", 4);
  struct rtattr *data = put(&r, IFLA_INFO_DATA, NULL, 0);
  struct ifinfomsg peer_head = {.ifi_family = AF_UNSPEC};
  struct rtattr *peer = put(&r, VETH_INFO_PEER, &peer_head, sizeof peer_head);
  put(&r, IFLA_IFNAME, "eth0", 5);
  put(&r, IFLA_MTU, &mtu, 4);
  put(&r, IFLA_NET_NS_FD, &peer_netns, 4);
  close_nest(&r, peer);
  close_nest(&r, data);
  close_nest(&r, info);
  int result = ask(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  if (result == 0) result = link_up(host_name);
  if (result == 0 && master) {
    char path[128];
    snprintf(path, sizeof path, "/sys/class/net/%s/brport/hairpin_mode", host_name);
    write_file(path, "1", 1, 0644);
  }
  return result;
}

// "10.244.1.5/24" into address and prefix length.
static bool parse_cidr(const char *cidr, struct in_addr *address, int *prefix) {
  char text[32];
  const char *slash = strchr(cidr, '/');
  size_t n = slash ? (size_t)(slash - cidr) : strlen(cidr);
  if (n >= sizeof text) return false;
  memcpy(text, cidr, n);
  text[n] = 0;
  *prefix = slash ? atoi(slash + 1) : 32;
  return inet_pton(AF_INET, text, address) == 1;
}

int address_add(const char *device, const char *cidr) {
  struct in_addr address, broadcast;
  int prefix;
  if (!parse_cidr(cidr, &address, &prefix)) return -EINVAL;
  struct request r = {.head.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg))};
  r.address = (struct ifaddrmsg){.ifa_family = AF_INET, .ifa_prefixlen = prefix, .ifa_index = if_nametoindex(device)};
  if (!r.address.ifa_index) return -ENODEV;
  put(&r, IFA_LOCAL, &address, 4);
  put(&r, IFA_ADDRESS, &address, 4);
  if (prefix < 31) {
    broadcast.s_addr = address.s_addr | htonl(0xffffffffu >> prefix);
    put(&r, IFA_BROADCAST, &broadcast, 4);
  }
  int result = ask(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  return result == -EEXIST ? 0 : result;
}

static int route_change(int type, int flags, const char *destination, const char *via) {
  struct in_addr address, gateway;
  int prefix;
  if (!parse_cidr(destination, &address, &prefix)) return -EINVAL;
  struct request r = {.head.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg))};
  r.route = (struct rtmsg){.rtm_family = AF_INET, .rtm_dst_len = prefix, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC,
                           .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST};
  if (prefix) put(&r, RTA_DST, &address, 4);
  if (via && *via) {
    if (inet_pton(AF_INET, via, &gateway) == 1) put(&r, RTA_GATEWAY, &gateway, 4);
    else { // a device
      int index = if_nametoindex(via);
      if (!index) return -ENODEV;
      r.route.rtm_scope = RT_SCOPE_LINK;
      put(&r, RTA_OIF, &index, 4);
    }
  }
  if (type == RTM_DELROUTE) r.route.rtm_scope = RT_SCOPE_NOWHERE;
  return ask(&r, type, flags);
}
int route_add(const char *destination, const char *via) { return route_change(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, destination, via); }

static int remove_route(const char *destination) {
  int result = route_change(RTM_DELROUTE, 0, destination, NULL);
  return result == -ESRCH ? 0 : result;
}

int network_verb(const char *verb, const struct list *l, int *at) {
  static const struct {
    const char *name;
    int arguments;
  } verbs[] = {{"link-up", 1}, {"link-delete", 1}, {"mac", 2}, {"bridge", 2}, {"address", 2}, {"route", 2}, {"route-delete", 1}};
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    if (strcmp(verb, verbs[i].name)) continue;
    int n = verbs[i].arguments;
    if (*at + n >= l->count) return -EINVAL;
    char **a = l->item + *at + 1;
    int r = i == 0 ? link_up(a[0]) : i == 1 ? link_delete(a[0]) : i == 2 ? link_set_mac(a[0], a[1]) : i == 3 ? bridge_create(a[0], atoi(a[1]))
          : i == 4 ? address_add(a[0], a[1]) : i == 5 ? route_add(a[0], a[1]) : remove_route(a[0]);
    if (r == 0) *at += 1 + n;
    return r;
  }
  return 1;
}
