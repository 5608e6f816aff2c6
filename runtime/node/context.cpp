#include "runtime/node/context.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/base/error.hpp"

#include <caf/all.hpp>

#include <exception>

namespace troupe {

node_context::node_context(caf::actor_system& sys, authorities given, config::broker_config given_settings)
  : system(sys),
    storage(given.storage),
    time(given.time),
    random(given.random),
    network(given.network),
    log(given.log),
    settings(std::move(given_settings)),
    self(settings.id()),
    incarnation(new_topic_id(random)),
    requests(bounds::requests_bytes_max),
    threads_(given.threads) {}

void adopt(caf::event_based_actor* self, node_context& context, std::string name) {
  self->set_default_handler([&context, name](caf::scheduled_actor*,
                                             caf::message_view& mail) -> caf::result<caf::message> {
    ++context.unexpected_mail;
    context.log.write(log_level::error, name, "unexpected message " + caf::to_string(mail.copy_content_to_message()));
    return caf::sec::unexpected_message;
  });
  self->set_exception_handler([&context, name](caf::scheduled_actor*, std::exception_ptr& thrown) -> caf::error {
    std::string what = "unknown exception";
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      what = e.what();
    } catch (...) {
      // Not ours; the generic text above stands.
    }
    context.log.write(log_level::error, name, "ended by an exception: " + what);
    return domain_error(error_domain::node, 1, name + ": " + what);
  });
  self->set_error_handler([&context, name](caf::scheduled_actor* actor, caf::error& err) {
    context.log.write(log_level::error, name, "unhandled error: " + render(err));
    actor->quit(err);
  });
}

}  // namespace troupe
